"""Make the shipped tables from each WordPiece alone: ``python -m evaluation.fitting.distill``.

``static/``: the static encoder's, centred, PCA 256, int8. ``questions.npy``: the questions' for
``encoder="lookup"``, in the encoder's own dimensions, two bits each. ``--check`` compares fresh ones with
what is there, byte for byte.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from evaluation.data import options
from semtoken_rag.arrays import unit_length
from semtoken_rag.encoders.onnx_import import load_bert
from semtoken_rag.encoders.quantize import pack
from semtoken_rag.encoders.verify import SHIPPED_FILE

HERE = SHIPPED_FILE.parent
DIMENSIONS = 256


@torch.inference_mode()
def encode_alone(model: torch.nn.Module, size: int) -> np.ndarray:
    """Last hidden state of the piece in ``[CLS] piece [SEP]``, for each id: (size, 384)."""
    ids = torch.arange(size)
    rows = torch.stack([torch.full((size,), 101), ids, torch.full((size,), 102)], 1)
    return torch.cat([model(input_ids=b).last_hidden_state[:, 1] for b in rows.split(512)]).numpy()


def reduced(vectors: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre (v, 384) and keep the main axes: table (v, 256) int8 and scale (256,) float32."""
    vectors = vectors.astype(np.float64) - vectors[used].astype(np.float64).mean(0)
    vectors[~used] = 0.0
    values, axes = np.linalg.eigh(vectors.T @ vectors)
    axes = axes[:, np.argsort(-values)[:DIMENSIONS]]
    axes *= np.sign(axes[np.abs(axes).argmax(0), np.arange(DIMENSIONS)])  # an eigenvector's sign is arbitrary
    table = vectors @ axes
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    scale = np.abs(table).max(0) / 127
    return np.round(table / scale).astype(np.int8), scale.astype(np.float32)


def distill(out: Path, path: Path) -> None:
    """Write ``static/`` and ``questions.npy`` of an encoder's ``.onnx`` file to ``out``."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # one order of summation, so that the bytes repeat
    _, model, tokenizer = load_bert(path)
    number = tokenizer.get_vocab()
    words = sorted(number, key=number.__getitem__)
    vectors = encode_alone(model.eval(), len(words))
    torch.set_num_threads(threads)
    special = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")
    used = np.array([not (word.startswith("[unused") or word in special) for word in words])
    table, scale = reduced(vectors, used)
    folder = out / "static"
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "table.npy", table)
    np.save(folder / "scale.npy", scale)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    np.save(out / "questions.npy", pack(unit_length(vectors)))


def main() -> None:
    """Write the tables or compare them."""
    parser = options.parser(__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--encoder", type=Path, default=SHIPPED_FILE)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    if not args.check:
        distill(args.out, args.encoder)
        return
    with tempfile.TemporaryDirectory() as name:
        distill(folder := Path(name), args.encoder)
        made = [path for path in folder.rglob("*") if path.is_file()]
        differ = [p.name for p in made if p.read_bytes() != (HERE / p.relative_to(folder)).read_bytes()]
    print("the same bytes" if not differ else f"differs: {differ}")
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()
