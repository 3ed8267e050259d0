"""Run a strategy on some of the units and expand its selection to all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from semtoken_rag.stages.select import bridge_reasons
from semtoken_rag.types import BoolArray, FloatArray, IntArray, Selection, Units


def close_upwards(units: Units, left: BoolArray) -> IntArray:
    """Return the units that are ``left`` (m,) and all that they are not kept without, rising: (k,)."""
    out, links = left.copy(), units.links()
    todo = np.flatnonzero(left).tolist()
    while todo:
        unit = todo.pop()
        new = [each for each in (*units.ancestors(unit), *links.get(unit, ())) if not out[each]]
        out[new] = True
        todo += new
    return np.flatnonzero(out)


def take_units(units: Units, left: IntArray) -> Units:
    """Return the units ``left`` (k,), rising, which hang on none but each other; see `close_upwards`."""
    place = np.full(len(units) + 1, -1, np.int64)  # the last stands for "no parent"
    place[left] = np.arange(len(left))
    kinds = tuple(units.kinds[i] for i in left.tolist())

    def moved(to: IntArray | None) -> IntArray | None:
        return None if to is None else place[to[left]]

    return Units(
        units.chars[left],
        units.tokens[left],
        units.chunk[left],
        place[units.parent[left]],
        kinds,
        moved(units.twin),
        moved(units.continues),
    )


def expand_selection(
    decided: Selection, left: IntArray, units: Units, others: Mapping[str, FloatArray]
) -> Selection:
    """Write a decision over the units ``left`` for all ``units``; the others are dropped.

    Parameters
    ----------
    decided
        Decision over the units that are left.
    left
        Numbers of these units, (k,).
    units
        All units, m of them.
    others
        Scores of the units that are not left by name, each (m,), at least those of ``decided``.

    Returns
    -------
    Selection
        The decision over all units.
    """
    granularity, chars = np.zeros(len(units), np.int64), units.chars.copy()
    granularity[left], chars[left] = decided.granularity, decided.chars
    if decided.units is not None:  # some hang on less than before
        parent = units.parent.copy()
        parent[left] = np.where(decided.units.parent < 0, -1, left[decided.units.parent])
        units = replace(units, parent=parent)
    scores = {name: values.copy() for name, values in others.items()}
    for name, values in decided.scores.items():
        scores[name][left] = values
    bridged_from = {int(left[unit]): int(left[by]) for unit, by in decided.bridged_from.items()}
    reasons = {int(left[unit]): reason for unit, reason in decided.reasons.items()}
    return replace(
        decided,
        units=None if decided.units is None else units,
        granularity=granularity,
        order=left[decided.order],
        chars=chars,
        scores=scores,
        reasons=reasons | bridge_reasons(bridged_from),
        bridged_from=bridged_from,
    )
