"""Chances: how likely each unit is wanted, given its score among all others of the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from semtoken_rag.stages.forest import Forest
from semtoken_rag.types import FloatArray, IntArray, Units

FOREST = Path(__file__).parent / "forest.json"
SIGNS = ("share", "gap", "rank", "top", "cost", "strange")
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
        self, scores: FloatArray, units: Units, duplicate: IntArray | None, strange: float
    ) -> FloatArray:
        """Return the chance of each unit.

        Parameters
        ----------
        scores
            Score of each unit, (m,), higher = keep.
        units
            The units.
        duplicate
            Group of those that say the same, see `Ledger`; None if all differ.
        strange
            How little of the question the encoder knows, see `semtoken_rag.stages.lexical.strangeness`.

        Returns
        -------
        FloatArray
            (m,) float32 in [0, 1]. It is 0 for what is not chosen itself: a head, a unit that is left to its
            twin, and all but the best of those that say the same.
        """
        out = np.zeros(len(units), np.float32)
        open_ = np.flatnonzero(~(units.is_head | units.is_left | _doubled(scores, duplicate)))
        if len(open_):
            cost = (units.tokens[:, 1] - units.tokens[:, 0])[open_]
            odds = (self.log_odds or shipped_forest())(signs(scores[open_], cost, strange))
            out[open_] = 1.0 / (1.0 + np.exp(-odds))
        return out


def signs(scores: FloatArray, cost: IntArray, strange: float) -> FloatArray:
    """Return what tells of a unit's chance.

    Parameters
    ----------
    scores
        Scores of the units that can be chosen, (m,) with m > 0, higher = keep.
    cost
        Tokens of each, the encoder's.
    strange
        How little of the question the encoder knows, in [0, 1].

    Returns
    -------
    FloatArray
        (m, f) float32, columns as in `SIGNS`: the log share of a blunt softmax; the distance to the best; the
        log rank; the share of the best; the log cost; ``strange``.
    """
    values = scores.astype(np.float64)
    gap = values - values.max()
    rank = np.empty(len(values))
    rank[np.argsort(-values, kind="stable")] = np.arange(len(values))
    columns = {
        "share": gap / BLUNT - np.log(np.exp(gap / BLUNT).sum()),
        "gap": gap,
        "rank": np.log1p(rank),
        "top": np.full(len(values), 1.0 / np.exp(gap).sum()),
        "cost": np.log1p(cost),
        "strange": np.full(len(values), strange),
    }
    return np.stack([columns[name] for name in SIGNS], 1).astype(np.float32)


def lost(probability: FloatArray) -> FloatArray:
    """Return the log chance that each unit is not wanted: (m,) in (-inf, 0]; sums over what is left out."""
    out: FloatArray = np.log1p(-np.minimum(probability.astype(np.float64), 1.0 - 1e-9))
    return out


def _doubled(scores: FloatArray, duplicate: IntArray | None) -> np.ndarray:
    """Return which units say what a better one says: (m,) bool."""
    out = np.zeros(len(scores), bool)
    if duplicate is None:
        return out
    order = np.argsort(-scores, kind="stable")
    grouped = order[duplicate[order] >= 0]
    _, first = np.unique(duplicate[grouped], return_index=True)
    out[grouped] = True
    out[grouped[first]] = False
    return out
