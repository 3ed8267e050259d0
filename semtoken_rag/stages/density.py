"""Semantic density: how much a unit's fingerprints spread (the paper's H = Tr Cov, Algorithm 1 step 3)."""

from __future__ import annotations

import numpy as np

from semtoken_rag.arrays import range_sum
from semtoken_rag.types import FloatArray, Tokens, Units

WINDOW = 8  # a unit with fewer tokens takes the spread of a window of at least this many around it


def density(tokens: Tokens, units: Units) -> FloatArray:
    """Trace of the covariance of each unit's fingerprints: (m,) float32 in [0, 1], higher = richer.

    Fingerprints have length 1, so the trace is 1 minus the squared length of their mean. A unit of few
    tokens, whose own spread would be 0, is measured on a window of its chunk around it.
    """
    if not len(tokens.ids) or not len(units):
        return np.zeros(len(units), np.float32)
    middle = units.tokens.mean(1)
    half = np.maximum(WINDOW, units.tokens[:, 1] - units.tokens[:, 0]) / 2
    first, last = np.searchsorted(tokens.chunk, [units.chunk, units.chunk + 1])  # tokens of the unit's chunk
    start = np.clip(np.floor(middle - half), first, last).astype(np.int64)
    end = np.clip(np.ceil(middle + half), start, last).astype(np.int64)
    mean = range_sum(tokens.vectors, np.stack([start, end], 1)) / np.maximum(end - start, 1)[:, None]
    spread: FloatArray = np.maximum(1.0 - np.einsum("md,md->m", mean, mean), 0.0).astype(np.float32)
    return spread
