"""Coarse granularity: a unit cut to its best run of spans, for tokens that no whole unit fits in (3.2)."""

from __future__ import annotations

from collections.abc import Callable

from semtoken_rag.types import FloatArray, IntArray


def best_run(
    spans: IntArray, value: FloatArray, cost: Callable[[int, int], int], room: int
) -> tuple[int, int] | None:
    """Grow a run of spans from the best one, to the side of more value, while it fits.

    Parameters
    ----------
    spans
        Token ranges (s, 2) in source order.
    value
        Of each span (s,), higher = keep.
    cost
        Tokens of the reader that the spans ``first`` to ``last`` (inclusive) cost.
    room
        Tokens that the run may cost.

    Returns
    -------
    (first, last) or None
        Indices of the run's first and last span; None where not even one span fits.
    """
    fitting = [i for i in range(len(spans)) if cost(i, i) <= room]
    if not fitting:
        return None
    first = last = max(fitting, key=lambda i: float(value[i]))
    while True:
        sides = [(float(value[i]), i) for i in (first - 1, last + 1) if 0 <= i < len(spans)]
        for _, i in sorted(sides, reverse=True):
            a, b = min(first, i), max(last, i)
            if cost(a, b) <= room:
                first, last = a, b
                break
        else:
            return first, last
