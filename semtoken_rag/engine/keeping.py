"""What a call promises: how much of a selection a promise takes, and the chance that is reached."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from semtoken_rag.result import CHANCE
from semtoken_rag.stages.calibration import Calibration
from semtoken_rag.stages.chances import lost, remaining
from semtoken_rag.types import Granularity, IntArray, Selection


@dataclass(frozen=True, slots=True)
class Outlook:
    """Chances of a call.

    Attributes
    ----------
    confidence
        Chance that nothing wanted is lost.
    curve : tuple of (int, float)
        Tokens and the chance that nothing wanted is lost if the best units of so many are kept, rising. What
        hangs on what is not counted.
    """

    confidence: float
    curve: tuple[tuple[int, float], ...]


def shorten(selection: Selection, calibration: Calibration, keep: float) -> Selection:
    """Keep no more than a promise takes.

    Parameters
    ----------
    selection
        With the score ``probability``.
    calibration
        Of the encoder.
    keep
        The promise, see `semtoken_rag.budget.Budget`.

    Returns
    -------
    Selection
        The first decisions of the selection, one at least, and all of them if they do not suffice.
    """
    order = selection.order
    steps = np.arange(1, len(order) + 1) if selection.steps is None else selection.steps
    if not len(steps):
        return selection
    saved = np.where(selection.granularity == Granularity.FINE, lost(selection.scores[CHANCE]), 0.0)
    after = remaining(left_out(selection), saved[order])[steps].tolist()
    enough = next(
        (n for n, at in zip(steps.tolist(), after, strict=True) if calibration.is_kept(at, keep)), 0
    )
    if not enough or enough == len(order):
        return selection
    granularity = selection.granularity.copy()
    granularity[order[enough:]] = Granularity.DROPPED
    return replace(selection, granularity=granularity, order=order[:enough], steps=steps[steps <= enough])


def left_out(selection: Selection) -> float:
    """Return what a selection loses with all that it leaves out, parts included, see `lost`."""
    dropped = selection.granularity != Granularity.FINE
    return float(lost(selection.scores[CHANCE])[dropped].sum())


def outlook(selection: Selection, cost: IntArray, calibration: Calibration) -> Outlook:
    """Return the chances of a selection.

    Parameters
    ----------
    selection
        With the score ``probability``.
    cost
        Tokens of each unit: (m,).
    calibration
        Of the encoder.

    Returns
    -------
    Outlook
        The chance reached, and the curve.
    """
    each = lost(selection.scores[CHANCE])
    value = selection.scores["score"] - selection.cost_exponent * np.log(np.maximum(cost, 1))
    kept = selection.order[selection.granularity[selection.order] == Granularity.FINE]
    value[kept] = value.max(initial=0.0) + 1.0 + np.arange(len(kept))[::-1]
    best = np.argsort(-value, kind="stable")
    best = best[(each < 0)[best]]
    tokens, chance = np.cumsum(cost[best]), calibration.chance(remaining(0.0, each[best])[1:])
    curve = tuple(zip(tokens.tolist(), chance.tolist(), strict=True))
    return Outlook(float(calibration.chance(left_out(selection))), curve)
