"""What ``keep`` saves against a fixed ratio: ``python -m evaluation.judge.keep``.

Every question of the reporting part is asked at rising ``keep`` and at rising ratios. Pooled over the sets:
mean share of the tokens, answers and whole chains kept, in texts as `evaluation.judge.retention` reads them.
Then two comparisons, question by question with 95 % bootstrap intervals: the ``keep`` whose answers are those
of the ratio .3, and the ``keep`` whose tokens are those of the ratio .2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation import metrics
from evaluation.data import options
from evaluation.data.sets import chunks, rows
from evaluation.judge.retention import SETS
from evaluation.results import interval
from semtoken_rag import SemToken

KEEPS = (0.3, 0.5, 0.6, 0.7, 0.75, *(k / 100 for k in range(76, 91)), 0.925, 0.95, 0.98)
RATIOS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
FIGURES = ("tokens", "answer", "chain")

Found = dict[str, list[float | None]]  # by figure, of each question


def reporting_part(folder: Path, sets: Sequence[str], n: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows of the reporting part that a text answers, with the name of their set."""
    return [(name, row) for name in sets for row in rows(folder, name)[:n] if metrics.answerable(row)]


def ask(asked: Sequence[tuple[str, dict[str, Any]]], engine: SemToken, **bound: float) -> Found:
    """Return the figures of each question under a bound: ``ratio=``, or ``keep=`` with no other."""
    found: Found = {name: [] for name in FIGURES}
    for _, row in asked:
        context = engine.compress(chunks(row), row["question"], **{"ratio": 1.0, **bound})
        kept = [chunk.text for chunk in context.chunks]
        found["tokens"].append(context.stats.ratio)
        found["answer"].append(metrics.answer(row, kept))
        found["chain"].append(metrics.chain(row, kept))
    return found


def means(found: Found, where: Sequence[bool] | None = None) -> dict[str, float | None]:
    """Return the mean of each figure over the questions that have it."""
    made: dict[str, float | None] = {}
    for name, values in found.items():
        known = [v for i, v in enumerate(values) if v is not None and (where is None or where[i])]
        made[name] = round(float(np.mean(known)), 4) if known else None
    return made


def compared(keeps: Mapping[float, Found], fixed: Found, by: str) -> dict[str, Any]:
    """Compare a ratio with the ``keep`` whose mean of one figure is nearest to it.

    Parameters
    ----------
    keeps
        What was found at each ``keep``, rising.
    fixed
        What was found at the ratio.
    by
        The figure.

    Returns
    -------
    dict
        The ``keep``, both means, and of each figure the mean difference with its interval.
    """
    goal = float(np.mean([v for v in fixed[by] if v is not None]))
    reach = {k: float(np.mean([v for v in f[by] if v is not None])) for k, f in keeps.items()}
    chosen = min(reach, key=lambda k: abs(reach[k] - goal))
    differences = {
        name: [
            None if a is None or b is None else a - b
            for a, b in zip(keeps[chosen][name], fixed[name], strict=True)
        ]
        for name in FIGURES
    }
    return {
        "keep": chosen,
        "by": by,
        "with keep": means(keeps[chosen]),
        "with ratio": means(fixed),
        "difference": {
            name: [round(float(np.mean([d for d in each if d is not None])), 4), interval(each)]
            for name, each in differences.items()
        },
    }


def main() -> None:
    """Judge and print."""
    parser = options.data_parser(__doc__, sets=SETS, n=100, encoder="auto")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    asked = reporting_part(args.data, args.sets, args.n)
    engine = SemToken(encoder=args.encoder, store="memory://", on_error="raise")
    keeps = {k: ask(asked, engine, keep=k) for k in KEEPS}
    ratios = {r: ask(asked, engine, ratio=r) for r in RATIOS}
    table: list[dict[str, Any]] = []
    for bound, found in (("keep", keeps), ("ratio", ratios)):
        for value, each in found.items():
            by_set = {s: means(each, [name == s for name, _ in asked]) for s in args.sets}
            table.append({bound: value, **means(each), "sets": by_set})
            print(bound, value, means(each), flush=True)
    ends = [compared(keeps, ratios[0.3], "answer"), compared(keeps, ratios[0.2], "tokens")]
    for end in ends:
        print(json.dumps(end), flush=True)
    if args.json:
        made = {"n": len(asked), "encoder": args.encoder, "curve": table, "compared": ends}
        args.json.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
