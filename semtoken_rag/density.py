"""Semantic density: how much a unit's fingerprints spread (the paper's H = Tr Cov, Algorithm 1 step 3)."""

from __future__ import annotations

import numpy as np

from semtoken_rag.types import FloatArray, Tokens, Units

WINDOW = 8  # a unit with fewer tokens takes the spread of a window of at least this many around it


def density(tokens: Tokens, units: Units) -> FloatArray:
    """Trace of the covariance of each unit's fingerprints: (m,) float32 in [0, 1], higher = richer.

    The trace is the mean squared length minus the squared length of the mean, so two running sums give all
    units at once. A unit of few tokens, whose own spread would be 0, is measured on a window around it.
    """
    n = len(tokens.ids)
    if not n:
        return np.zeros(len(units), np.float32)
    running = np.concatenate(
        [np.zeros((1, tokens.vectors.shape[1])), np.cumsum(tokens.vectors, 0, np.float64)]
    )
    squares = np.r_[0.0, np.cumsum(np.einsum("nd,nd->n", tokens.vectors, tokens.vectors), dtype=np.float64)]
    middle = units.tokens.mean(1)
    half = np.maximum(WINDOW, units.tokens[:, 1] - units.tokens[:, 0]) / 2
    start = np.clip(np.floor(middle - half), 0, n - 1).astype(np.int64)
    end = np.clip(np.ceil(middle + half), start + 1, n).astype(np.int64)
    size = (end - start)[:, None]
    mean = (running[end] - running[start]) / size
    spread = (squares[end] - squares[start]) / size[:, 0] - np.einsum("md,md->m", mean, mean)
    trace: FloatArray = np.maximum(spread, 0).astype(np.float32)
    return trace
