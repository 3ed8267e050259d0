"""Positions of a call's units in the texts of its chunks, laid end to end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semtoken_rag.context import CompressedContext
from semtoken_rag.result import UnitReport
from semtoken_rag.types import FloatArray, IntArray


def units_of(context: CompressedContext) -> Sequence[UnitReport]:
    """Return the units of a context.

    Parameters
    ----------
    context
        A context that did not pass unchanged.

    Returns
    -------
    sequence of UnitReport
        At least one, in the order of the text.

    Raises
    ------
    ValueError
        If there is none, since the input passed unchanged.
    """
    if not context.units:
        raise ValueError(
            f"the context must have units, got one that passed unchanged: {context.stats.tokens_before} "
            f"tokens in a budget of {context.stats.budget}"
        )
    return context.units


def positions(units: Sequence[UnitReport]) -> tuple[IntArray, IntArray]:
    """Return the positions of units and chunks in the texts laid end to end, in characters.

    Parameters
    ----------
    units
        All m units of a call on c chunks.

    Returns
    -------
    (m, 2) int
        Start and end of each unit.
    (c,) int
        Start of each chunk.
    """
    chunk = np.array([u.chunk for u in units])
    chars = np.array([(u.start, u.end) for u in units], np.int64)
    length = np.zeros(int(chunk.max()) + 1, np.int64)
    np.maximum.at(length, chunk, chars[:, 1] + 1)
    base = np.cumsum(length) - length
    return chars + base[chunk][:, None], base


def score(units: Sequence[UnitReport], name: str) -> FloatArray:
    """Return one score of every unit.

    Parameters
    ----------
    units
        The units, m of them.
    name
        Name of the score.

    Returns
    -------
    (m,) float32
        The scores.

    Raises
    ------
    ValueError
        If the units have no such score.
    """
    if missing := [u for u in units if name not in u.scores]:
        raise ValueError(f"score must be one of {sorted(missing[0].scores)}, got {name!r}")
    return np.array([u.scores[name] for u in units], np.float32)
