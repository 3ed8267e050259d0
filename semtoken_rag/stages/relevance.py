"""Relevance of each unit to the question (the paper's s_i, 3.4): late interaction and a few smaller signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from semtoken_rag.arrays import group_max, similarity
from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.terms import total
from semtoken_rag.stages.weights import fitted
from semtoken_rag.types import FloatArray, Units

FEATURES = ("late", "late_own", "lexical_title", "lead", "unit_share")
SCALE = 20.0  # cosines to logits


@dataclass(frozen=True, slots=True)
class Relevance:
    """Weighted sum of features.

    Parameters
    ----------
    weights
        Weight by feature name; None takes those fitted for the encoder at hand.
    """

    weights: Mapping[str, float] | None = field(default=None)

    def __call__(self, asked: Asked, encoder: str) -> FloatArray:
        """Return the score of each unit.

        Parameters
        ----------
        asked
            The question and the units.
        encoder
            Name of the encoder, which has weights of its own.

        Returns
        -------
        FloatArray
            Score of each unit, (m,) float32, higher = keep.
        """
        weights = self.weights if self.weights is not None else fitted(encoder)["relevance"]
        values = features(asked)
        return sum(
            (np.float32(weights.get(name, 0.0)) * values[name] for name in FEATURES),
            np.zeros(len(asked.units), np.float32),
        )


def features(asked: Asked) -> dict[str, FloatArray]:
    """Return every feature of every unit by name: (m,) float32, higher = more relevant.

    Late interaction with the unit and its title (``late``) and without it (``late_own``), IDF overlap with
    the title, the place in the chunk. These are standardised over the call. ``unit_share`` is a softmax of
    ``late``: near 1 where one unit stands out.
    """
    tokens, units, terms, weight = asked.tokens, asked.units, asked.terms, asked.weight
    m, chunks, own = len(units), len(asked.chunks), asked.cosines
    title = similarity(asked.query.encoding.vectors, tokens.title_vectors)
    title = group_max(title, tokens.title_chunk, chunks)
    share = np.zeros_like(terms.idf)
    share[terms.query] = weight
    late = weight @ np.maximum(with_ancestors(own, units), title[:, units.chunk])
    signs = {
        "late": late,
        "late_own": asked.late,
        "lexical_title": total(terms.in_titles, share, chunks)[units.chunk],
        "lead": 1.0 / (1.0 + np.arange(m) - np.searchsorted(units.chunk, units.chunk)),
    }
    rows = standardise(np.stack(list(signs.values())).astype(np.float32))  # (signs, m)
    return dict(zip(signs, rows, strict=True)) | {"unit_share": softmax(late)}


def with_ancestors(values: FloatArray, units: Units) -> FloatArray:
    """Return the largest value of each unit and what it hangs on: (q, m) -> (q, m)."""
    parent = units.parent
    while (hanging := np.flatnonzero(parent >= 0)).size:
        values = values.copy() if parent is units.parent else values
        values[:, hanging] = np.maximum(values[:, hanging], values[:, parent[hanging]])
        parent = np.where(parent >= 0, units.parent[parent], -1)
    return values


def softmax(values: FloatArray) -> FloatArray:
    """Share of each value after scaling by `SCALE`: same shape, sums to 1."""
    raised = np.exp(SCALE * (values - values.max(initial=-np.inf)))
    share: FloatArray = (raised / max(float(raised.sum()), 1e-9)).astype(np.float32)
    return share


def standardise(values: FloatArray) -> FloatArray:
    """Shift and scale to mean 0 and deviation 1 along the last axis; constant values become 0."""
    if not values.shape[-1]:
        return values
    centred = values - values.mean(-1, keepdims=True)
    deviation = np.sqrt(np.square(centred).mean(-1, keepdims=True))
    scaled: FloatArray = np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 1e-6)
    return scaled
