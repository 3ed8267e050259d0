"""Units of a call in a row: the chunks' texts laid end to end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semtoken_rag.context import CompressedContext
from semtoken_rag.result import UnitReport
from semtoken_rag.types import FloatArray, IntArray


def units_of(context: CompressedContext) -> Sequence[UnitReport]:
    """Units of a context.

    Raises
    ------
    ValueError
        Where there are none, since the input passed unchanged.
    """
    if not context.units:
        raise ValueError(
            f"the context must have units, got one that passed unchanged: {context.stats.tokens_before} "
            f"tokens in a budget of {context.stats.budget}"
        )
    return context.units


def positions(units: Sequence[UnitReport]) -> tuple[IntArray, IntArray]:
    """Place of each unit in the texts laid end to end, in characters, and where each chunk begins.

    Returns
    -------
    (m, 2) int
    (c,) int
    """
    chunk = np.array([u.chunk for u in units])
    chars = np.array([(u.start, u.end) for u in units], np.int64)
    length = np.zeros(int(chunk.max()) + 1, np.int64)
    np.maximum.at(length, chunk, chars[:, 1] + 1)
    base = np.cumsum(length) - length
    return chars + base[chunk][:, None], base


def score(units: Sequence[UnitReport], name: str) -> FloatArray:
    """One score of every unit: (m,).

    Raises
    ------
    ValueError
        Where the units have no such score.
    """
    if missing := [u for u in units if name not in u.scores]:
        raise ValueError(f"score must be one of {sorted(missing[0].scores)}, got {name!r}")
    return np.array([u.scores[name] for u in units], np.float32)
