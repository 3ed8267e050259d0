"""Chances: how likely each unit is wanted, given its score among all others of the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.forest import Forest
from semtoken_rag.types import BoolArray, FloatArray, IntArray

FOREST = Path(__file__).parent / "forest.json"
SIGNS = (
    *("share", "gap", "rank", "top", "late", "best", "shared"),
    *("cost", "question", "chunks", "units", "strange"),
)
BLUNT = 2.0  # temperature of the share that tells those behind the best apart


@cache
def shipped_forest() -> Forest:
    """Return the forest that `evaluation.fitting.chances` fitted."""
    return Forest.load(FOREST)


@dataclass(frozen=True, slots=True)
class Chances:
    """The chance that a unit is wanted.

    Parameters
    ----------
    log_odds
        From the `signs` of the units (m, f) to log-odds (m,); None takes the forest that was fitted.
    """

    log_odds: Callable[[FloatArray], FloatArray] | None = None

    def __call__(
        self, scores: FloatArray, asked: Asked, duplicate: IntArray | None, kept: BoolArray
    ) -> FloatArray:
        """Return the chance of each unit.

        Parameters
        ----------
        scores
            Score of each unit, (m,), higher = keep.
        asked
            The question and the units.
        duplicate
            Group of those that say the same, see `Ledger`; None if all differ.
        kept
            Which units are kept: (m,).

        Returns
        -------
        FloatArray
            (m,) float32 in [0, 1]. It is 0 for what is not chosen itself: a head, a unit that is left to its
            twin, and of those that say the same all but the one that is kept, or the best if none is.
        """
        units = asked.units
        out = np.zeros(len(units), np.float32)
        choice = np.flatnonzero(~(units.is_head | units.is_left | _doubled(scores, duplicate, kept)))
        if len(choice):
            odds = (self.log_odds or shipped_forest())(signs(scores, asked, choice))
            out[choice] = 1.0 / (1.0 + np.exp(-odds))
        return out


def signs(scores: FloatArray, asked: Asked, choice: IntArray) -> FloatArray:
    """Return what tells of a unit's chance.

    Parameters
    ----------
    scores
        Score of each unit, (m,), higher = keep.
    asked
        The question and the units.
    choice
        Numbers of the units that can be chosen, (k,) with k > 0.

    Returns
    -------
    FloatArray
        (k, f) float32, columns as in `SIGNS`: the log share of a blunt softmax over the scores, the distance
        to the best, the log rank; the share of the best; late interaction, that of the best unit, and the
        share of the question that the unit has word for word; the log numbers of the unit's tokens, of the
        question's, of chunks and of units; how little of the question the encoder knows.
    """
    values = scores[choice].astype(np.float64)
    cost = (asked.units.tokens[:, 1] - asked.units.tokens[:, 0])[choice]
    gap = values - values.max()
    rank = np.empty(len(values))
    rank[np.argsort(-values, kind="stable")] = np.arange(len(values))
    columns = {
        "share": gap / BLUNT - np.log(np.exp(gap / BLUNT).sum()),
        "gap": gap,
        "rank": np.log1p(rank),
        "top": 1.0 / np.exp(gap).sum(),
        "late": asked.late[choice],
        "best": asked.late[choice].max(),
        "shared": asked.shared[choice],
        "cost": np.log1p(cost),
        "question": np.log1p(len(asked.query.encoding.ids)),
        "chunks": np.log1p(len(asked.chunks)),
        "units": np.log1p(len(choice)),
        "strange": asked.strange,
    }
    return np.stack([np.broadcast_to(columns[name], len(values)) for name in SIGNS], 1).astype(np.float32)


def lost(probability: FloatArray) -> FloatArray:
    """Return what leaving each unit out loses: (m,) in [-1, 0], minus the square of its chance.

    It sums over what is left out. A square, since many small chances come to less than their sum.
    """
    out: FloatArray = -np.square(probability.astype(np.float64))
    return out


def remaining(left_out: float, each: FloatArray) -> FloatArray:
    """Return what is left out after each of some units is kept, one by one.

    Parameters
    ----------
    left_out
        Sum of `lost` over all other units.
    each
        Loss of each of the units, in the order in which they are kept: (k,).

    Returns
    -------
    FloatArray
        (k + 1,) sums, rising to ``left_out`` exactly.
    """
    out: FloatArray = np.append(np.cumsum(each[::-1])[::-1], 0.0)
    return left_out + out


def _doubled(scores: FloatArray, duplicate: IntArray | None, kept: BoolArray) -> BoolArray:
    """Return which units say what a kept or a better one says: (m,)."""
    out = np.zeros(len(scores), np.bool_)
    if duplicate is None:
        return out
    order = np.lexsort((-scores, ~kept))
    grouped = order[duplicate[order] >= 0]
    _, first = np.unique(duplicate[grouped], return_index=True)
    out[grouped] = True
    out[grouped[first]] = False
    return out
