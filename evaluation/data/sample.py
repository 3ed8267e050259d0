"""Make ``evaluation/sample``, the first rows of each set: ``python -m evaluation.data.sample``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evaluation.data.fetch import write
from evaluation.data.options import SAMPLE, data_parser
from evaluation.data.sets import rows
from evaluation.data.sources import Source, sources
from evaluation.markdown import table

HEAD = """\
# Sample of the sets

The first rows of each set, so that the measurements run without the full sets (`--data evaluation/sample`,
`make bench BENCH_ARGS="--sample"`). They are data of others, each under the licence of its source, as below;
documents are put together as the table says, texts are unchanged. The licence of this repository does not
cover them. The novels are left out: a row is a whole book. Made by `python -m evaluation.data.sample`;
`evaluation/data/sources.yaml` describes the full sets.
"""


def readme(chosen: Iterable[Source]) -> str:
    """Return the README of the sample: source and licence of each set."""
    lines = [(f"{s.name}.jsonl.gz", min(s.sampled, s.rows), s.about, s.licence) for s in chosen]
    return f"{HEAD}\n{table(['file', 'rows', 'source', 'licence'], lines, '---')}\n"


def sample(folder: Path, out: Path) -> None:
    """Write the sample of the sets of a folder."""
    chosen = [source for source in sources().values() if source.sampled]
    for source in chosen:
        write(rows(folder, source.name)[: source.sampled], out / f"{source.name}.jsonl.gz")
    (out / "README.md").write_text(readme(chosen), encoding="utf-8")


def main() -> None:
    """Write the sample."""
    parser = data_parser(__doc__, sample=False)
    parser.add_argument("--out", type=Path, default=SAMPLE, metavar="FOLDER")
    args = parser.parse_args()
    sample(args.data, args.out)


if __name__ == "__main__":
    main()
