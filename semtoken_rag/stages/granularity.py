"""Coarse granularity: a unit cut to its best run of spans, for tokens that no whole unit fits in (3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from semtoken_rag.stages.spans import Spans

Run: TypeAlias = tuple[int, int]


def best_run(
    spans: Spans, value: Callable[[int, int], float], cost: Callable[[int, int], int], room: int
) -> Run | None:
    """Return the run of spans of the highest value that fits and may stand alone.

    Parameters
    ----------
    spans
        Those of a unit.
    value
        Of the spans ``first`` to ``last`` (inclusive); higher = keep, 0 or less = not worth keeping.
    cost
        Tokens of the reader that the same spans cost.
    room
        Tokens that the run may cost.

    Returns
    -------
    (first, last) or None
        Indices of the run's first and last span, of the shortest of equal value; None if no run will do. The
        whole unit is no run.
    """
    s = len(spans)
    starts = [i for i in range(s) if spans.may_start[i]]
    ends = [j for j in range(s) if spans.may_end[j]]
    runs = [(i, j) for i in starts for j in ends if i <= j and j - i + 1 < s]
    ranked = sorted(((value(*run), run) for run in runs), key=lambda found: (-found[0], _length(found[1])))
    return next((run for worth, run in ranked if worth > 0 and cost(*run) <= room), None)


def _length(run: Run) -> int:
    return run[1] - run[0]
