"""Whether the chunks of a call answer its question at all, from how well the best of them matches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.relevance import softmax
from semtoken_rag.types import FloatArray

SIGNS = ("best", "rise", "second", "deviation", "share", "met", "weakest", "missed", "shared", "strange")
MISSED = 0.5  # cosine under which a token of the question is found nowhere


def answerable(asked: Asked, fitted: Sequence[float]) -> float:
    """Return the chance that the chunks answer the question.

    Parameters
    ----------
    asked
        The question and the units.
    fitted
        Weights of `SIGNS` and a constant, see `semtoken_rag.stages.calibration.Calibration`.

    Returns
    -------
    float
        In [0, 1]; 0 without units.
    """
    if not len(asked.units) or not len(asked.query.encoding.ids):
        return 0.0
    *weights, constant = fitted
    odds = float(np.array(weights) @ signs(asked)) + constant
    return float(1.0 / (1.0 + np.exp(-odds)))


def signs(asked: Asked) -> FloatArray:
    """Return what tells whether any unit answers: (f,), columns as in `SIGNS`.

    Of late interaction with the question: that of the best unit, how far it is above the mean, the second
    best, the deviation, and the softmax share of the best. Of the question's tokens, weighted by IDF: how
    well any unit meets them, the one met worst, the share that is met nowhere, and the share that the best
    unit has word for word. Last, how little of the question the encoder knows.
    """
    late, found = asked.late, asked.cosines.max(1)
    top = np.sort(late)[::-1]
    return np.array(
        [
            top[0],
            top[0] - late.mean(),
            top[min(1, len(top) - 1)],
            late.std(),
            softmax(late).max(),
            asked.weight @ found,
            found.min(),
            asked.weight @ (found < MISSED),
            asked.shared[late.argmax()],
            asked.strange,
        ],
        np.float64,
    )
