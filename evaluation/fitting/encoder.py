"""Make the shipped encoder from the base weights and the adapter: ``python -m evaluation.fitting.encoder``.

``--check`` makes a fresh one beside it, and compares the bytes, the pinned hash, and the token vectors of
real texts with those of torch in single precision. After a new adapter, pin the
new hash in `encoders.verify`.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

import numpy as np

from evaluation.data import options
from evaluation.data.sets import chunks, rows
from semtoken_rag.encoders.onnx import SHIPPED_FILE, OnnxEncoder
from semtoken_rag.encoders.onnx_export import export_adapter
from semtoken_rag.encoders.onnx_write import BITS
from semtoken_rag.encoders.registry import ADAPTER, adapted_model
from semtoken_rag.encoders.transformer import TransformerEncoder
from semtoken_rag.encoders.verify import SHIPPED
from semtoken_rag.types import FloatArray


def cosines(found: OnnxEncoder, exact: TransformerEncoder, texts: list[str], titles: list[str]) -> FloatArray:
    """Cosine of each token's vector by one encoder with that by another: (n,)."""
    pairs = zip(found.encode(texts, titles), exact.encode(texts, titles), strict=True)
    return np.concatenate([(a.vectors * b.vectors).sum(1) for a, b in pairs])


def check(data: Path, name: str, questions: int, bits: int) -> bool:
    """Make a fresh file, print how it compares, and return whether it is the shipped one."""
    with tempfile.TemporaryDirectory() as folder:
        export_adapter(ADAPTER, made := Path(folder) / SHIPPED_FILE.name, bits=bits)
        same = made.read_bytes() == SHIPPED_FILE.read_bytes()
        pinned = hashlib.sha256(made.read_bytes()).hexdigest() == SHIPPED[SHIPPED_FILE.name]
        exact = TransformerEncoder(adapted_model(ADAPTER), device="cpu")
        exact.module.float()
        taken = [chunk for row in rows(data, name)[:questions] for chunk in chunks(row)]
        found = cosines(OnnxEncoder(made), exact, [c.text for c in taken], [c.title for c in taken])
    print(f"the same bytes: {same}; the pinned hash: {pinned}")
    print(
        f"cosine of {len(found)} tokens: mean {found.mean():.4f}, "
        f"one in a hundred below {np.quantile(found, 0.01):.4f}"
    )
    return same and pinned


def main() -> None:
    """Write the file or check it."""
    parser = options.data_parser(__doc__, set="hotpotqa_reflexion100", n=10)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--bits", type=int, default=BITS, help="2 to 8, or 32 for single precision")
    parser.add_argument("--out", type=Path, default=SHIPPED_FILE)
    args = parser.parse_args()
    if args.check:
        sys.exit(not check(args.data, args.set, args.n, args.bits))
    export_adapter(ADAPTER, args.out, bits=args.bits)
    print(args.out, hashlib.sha256(args.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
