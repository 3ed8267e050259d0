"""Bridging: what a unit gains because it explains something that a kept unit mentions (multi-hop)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semtoken_rag.relevance import Statistics, fitted
from semtoken_rag.types import FloatArray, IntArray, Query, Tokens, Units

FEATURES = ("title_mentioned", "mentions_title", "shared")


@dataclass(frozen=True, slots=True)
class Bridge:
    """Gain from the first kept units: their rare tokens, and titles that they mention, become a second query.

    Parameters
    ----------
    hops
        How many kept units may lend a gain; the first matter most.
    weights
        Weight by feature name; None takes those fitted for the encoder at hand.
    """

    hops: int = 3
    weights: Mapping[str, float] | None = None

    def gain(
        self, kept: int, query: Query, tokens: Tokens, units: Units, statistics: Statistics, encoder: str
    ) -> FloatArray:
        """Return what every unit gains by ``kept``: (m,) float32 >= 0; 0 within the chunk of ``kept``."""
        weights = self.weights if self.weights is not None else fitted(encoder)["bridge"]
        values = features(kept, query, tokens, units, statistics)
        total = sum(
            (np.float32(weights.get(n, 0.0)) * values[n] for n in FEATURES), np.zeros(len(units), np.float32)
        )
        return np.maximum(total, 0.0)


def features(
    kept: int, query: Query, tokens: Tokens, units: Units, statistics: Statistics
) -> dict[str, FloatArray]:
    """Features in [0, 1] of every unit beside ``kept``, each (m,); 0 within the chunk of ``kept``.

    ``title_mentioned``: share of the unit's title that ``kept`` mentions; ``mentions_title``: share of the
    title of ``kept`` that the unit mentions; ``shared``: share of the rare tokens of ``kept`` that the unit
    carries. Shares are weighted by IDF; tokens of the question count nothing.
    """
    m, chunk = len(units), int(units.chunk[kept])
    other = units.chunk != chunk
    start, end = units.tokens[kept]
    chunks = int(units.chunk.max(initial=0)) + 1

    weight = statistics.rarity(tokens.title_ids) * ~np.isin(tokens.title_ids, query.encoding.ids)
    named = weight * np.isin(tokens.title_ids, tokens.ids[start:end])
    size = max(chunks, int(tokens.title_chunk.max(initial=0)) + 1)
    whole = np.bincount(tokens.title_chunk, weight, size)
    share = np.bincount(tokens.title_chunk, named, size) / np.maximum(whole, 1e-9)

    ids = tokens.ids[statistics.inside]
    own_title = np.setdiff1d(tokens.title_ids[tokens.title_chunk == chunk], query.encoding.ids)
    rare = np.setdiff1d(tokens.ids[start:end], query.encoding.ids)
    return {
        "title_mentioned": (share[units.chunk] * other).astype(np.float32),
        "mentions_title": _carried(own_title, ids, statistics, m) * other,
        "shared": _carried(rare, ids, statistics, m) * other,
    }


def _carried(wanted: IntArray, ids: IntArray, statistics: Statistics, m: int) -> FloatArray:
    """IDF-weighted share of the ids ``wanted`` (sorted, distinct) that each unit carries: (m,)."""
    if not len(wanted) or not len(ids):
        return np.zeros(m, np.float32)
    weight = statistics.rarity(wanted) ** 2
    at = np.searchsorted(wanted, ids).clip(0, len(wanted) - 1)
    hit = wanted[at] == ids
    found = np.zeros((m, len(wanted)), bool)
    found[statistics.unit[hit], at[hit]] = True
    share: FloatArray = (found @ (weight / weight.sum())).astype(np.float32)
    return share
