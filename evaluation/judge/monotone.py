"""Does more budget lose what less had? ``python -m evaluation.judge.monotone --n 100``.

Every question is asked at rising ratios. It counts as lost if its answer is in the text at one ratio and no
longer at a higher one. Questions and answers are those of `evaluation.judge.retention`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from evaluation import metrics
from evaluation.data import options
from evaluation.data.sets import rows
from evaluation.judge.inputs import Count, Factory, counter, documents, factory_of
from evaluation.judge.retention import SETS

RATIOS = (0.03, 0.04, 0.05, 0.07, 0.1, 0.14, 0.2, 0.25, 0.3, 0.4, 0.55, 0.7)


def answers(row: dict[str, Any], make: Factory, ratios: Sequence[float], count: Count) -> list[bool]:
    """Return for each ratio whether the answer of a question is in the text."""
    given = documents(row)
    texts = (make(r, count).compress_documents(given, row["question"]) for r in ratios)
    return [bool(metrics.answer(row, [d.page_content for d in kept])) for kept in texts]


def losses(found: Sequence[bool]) -> list[int]:
    """Return the positions that lack the answer though the one before has it.

    >>> losses([False, True, False, True, True])
    [2]
    """
    return [number for number, (less, more) in enumerate(pairwise(found), 1) if less and not more]


def remembering(encoder: str) -> Factory:
    """Return the factory of this product's compressors, which encode each text once."""
    from langchain_semtoken import SemTokenCompressor
    from semtoken_rag.store import MemoryStore

    store = MemoryStore(2**30)
    return lambda ratio, count: SemTokenCompressor(
        encoder=encoder, ratio=ratio, token_counter=count, store=store
    )


def main() -> None:
    """Judge and print."""
    parser = options.data_parser(__doc__, sets=SETS, n=100)
    parser.add_argument("--ratios", nargs="+", type=float, default=RATIOS)
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--compressor", help="module:factory; default: this product's")
    args = parser.parse_args()
    make = factory_of(args.compressor) if args.compressor else remembering(args.encoder)
    count, ratios = counter(), sorted(args.ratios)
    total, lost = 0, 0
    for name in args.sets:
        asked = [row for row in rows(args.data, name)[: args.n] if metrics.answerable(row)]
        where = {str(row["id"]): losses(answers(row, make, ratios, count)) for row in asked}
        named = {row: [ratios[at] for at in places] for row, places in where.items() if places}
        total, lost = total + len(asked), lost + len(named)
        print(
            f"{name:28s} {len(named):3d} of {len(asked):3d} lose their answer at a higher ratio {named}",
            flush=True,
        )
    print(f"{'all':28s} {lost:3d} of {total:3d}, {100 * lost / max(total, 1):.1f} %")


if __name__ == "__main__":
    main()
