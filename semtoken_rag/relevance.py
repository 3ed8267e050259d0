"""Relevance of each unit to the question (the paper's s_i, 3.4): late interaction and a few smaller signs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from semtoken_rag.types import Chunk, FloatArray, IntArray, Query, Tokens, Units

WEIGHTS = Path(__file__).parent / "weights.json"
FEATURES = ("late", "late_own", "pooled", "lexical", "lexical_title", "chunk", "lead", "retriever")


@cache
def fitted(encoder: str) -> Mapping[str, Mapping[str, float]]:
    """Weights of relevance and bridge fitted for an encoder (``evaluation/fit.py``), or the transformer's."""
    table: Mapping[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))["encoders"]
    found: Mapping[str, Mapping[str, float]] = table.get(encoder.split(":")[0], table["minilm"])
    return found


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the stages share about the tokens of a call.

    Attributes
    ----------
    inside : (n',) int
        Rows of `Tokens` that lie in a unit, in order.
    unit : (n',) int
        Their unit.
    kinds : (k,) int
        The distinct token ids that occur, sorted.
    idf : (k,) float32
        How rare each is among the units: log(1 + (m - df + 0.5) / (df + 0.5)), higher = rarer.
    """

    inside: IntArray
    unit: IntArray
    kinds: IntArray
    idf: FloatArray

    @classmethod
    def of(cls, tokens: Tokens, units: Units) -> Statistics:
        """Count in how many units each token id occurs."""
        length = units.tokens[:, 1] - units.tokens[:, 0]
        unit = np.repeat(np.arange(len(units)), length)
        first = (
            np.repeat(units.tokens[:, 0] - np.r_[0, np.cumsum(length)[:-1]], length) if len(units) else length
        )
        inside = first + np.arange(len(unit))
        kinds, code = np.unique(tokens.ids[inside], return_inverse=True)
        pairs = np.unique(code * max(len(units), 1) + unit) // max(len(units), 1)
        df = np.bincount(pairs, minlength=len(kinds))
        idf = np.log1p((len(units) - df + 0.5) / (df + 0.5)).astype(np.float32)
        return cls(inside, unit, kinds, idf)

    def rarity(self, ids: IntArray) -> FloatArray:
        """IDF of each id: (len(ids),); one that occurs nowhere is as rare as one can be."""
        if not len(self.kinds):
            return np.ones(len(ids), np.float32)
        at = np.searchsorted(self.kinds, ids).clip(0, len(self.kinds) - 1)
        highest = np.log1p(2.0 * self.unit.max(initial=0) + 3.0)
        idf: FloatArray = np.where(self.kinds[at] == ids, self.idf[at], highest).astype(np.float32)
        return idf


@dataclass(frozen=True, slots=True)
class Relevance:
    """Weighted sum of standardised features.

    Parameters
    ----------
    weights
        Weight by feature name; None takes those fitted for the encoder at hand.
    """

    weights: Mapping[str, float] | None = field(default=None)

    def __call__(
        self,
        query: Query,
        chunks: Sequence[Chunk],
        tokens: Tokens,
        units: Units,
        statistics: Statistics,
        encoder: str,
    ) -> FloatArray:
        """Score of each unit: (m,) float32, higher = keep."""
        weights = self.weights if self.weights is not None else fitted(encoder)["relevance"]
        values = features(query, chunks, tokens, units, statistics)
        return sum(
            (np.float32(weights.get(name, 0.0)) * standardise(values[name]) for name in FEATURES),
            np.zeros(len(units), np.float32),
        )


def features(
    query: Query, chunks: Sequence[Chunk], tokens: Tokens, units: Units, statistics: Statistics
) -> dict[str, FloatArray]:
    """Every feature of every unit by name, each (m,) float32, higher = more relevant."""
    m = len(units)
    weight = statistics.rarity(query.encoding.ids)
    weight = weight / max(float(weight.sum()), 1e-9)
    cosine = query.encoding.vectors @ tokens.vectors.T  # (q, n)
    own = segment_max(cosine[:, statistics.inside], statistics.unit, m)  # (q, m)
    title = segment_max(query.encoding.vectors @ tokens.title_vectors.T, tokens.title_chunk, len(chunks))
    late = weight @ np.maximum(own, title[:, units.chunk])
    whole = segment_max(own, units.chunk, len(chunks))
    sums = segment_sum(tokens.vectors[statistics.inside], statistics.unit, m)
    norm = np.linalg.norm(sums, axis=1)
    mean = query.encoding.vectors.mean(0) if len(query.encoding.ids) else np.zeros(sums.shape[1], np.float32)
    wanted, first = np.unique(query.encoding.ids, return_index=True)
    share = weight[first]
    position = np.arange(m) - np.searchsorted(units.chunk, units.chunk)
    scores = np.array([np.nan if c.score is None else c.score for c in chunks], np.float32)
    scores = np.nan_to_num(scores, nan=float(np.nanmin(scores)) if not np.isnan(scores).all() else 0.0)
    return {
        "late": late,
        "late_own": weight @ own,
        "pooled": (sums @ mean) / np.maximum(norm, 1e-9),
        "lexical": _overlap(wanted, share, tokens.ids[statistics.inside], statistics.unit, m),
        "lexical_title": _overlap(wanted, share, tokens.title_ids, tokens.title_chunk, len(chunks))[
            units.chunk
        ],
        "chunk": (weight @ np.maximum(whole, title))[units.chunk],
        "lead": (1.0 / (1.0 + position)).astype(np.float32),
        "retriever": scores[units.chunk],
    }


def standardise(values: FloatArray) -> FloatArray:
    """Shift and scale to mean 0 and deviation 1 over the call; constant values become 0."""
    if not len(values):
        return values
    deviation = float(values.std())
    return ((values - values.mean()) / deviation if deviation > 1e-6 else np.zeros_like(values)).astype(
        np.float32
    )


def segment_max(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Largest value of each group: (q, n), sorted group (n,) -> (q, groups); 0 where a group is empty."""
    out = np.zeros((values.shape[0], groups), np.float32)
    if values.shape[1]:
        first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
        out[:, group[first]] = np.maximum.reduceat(values, first, axis=1)
    return out


def segment_sum(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Sum of each group's rows: (n, d), sorted group (n,) -> (groups, d)."""
    out = np.zeros((groups, values.shape[1]), np.float32)
    if len(values):
        first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
        out[group[first]] = np.add.reduceat(values, first, axis=0)
    return out


def _overlap(wanted: IntArray, share: FloatArray, ids: IntArray, group: IntArray, groups: int) -> FloatArray:
    """Sum the weights of the wanted ids (sorted, distinct) that occur in each group: (groups,)."""
    if not len(wanted) or not len(ids):
        return np.zeros(groups, np.float32)
    at = np.searchsorted(wanted, ids).clip(0, len(wanted) - 1)
    hit = wanted[at] == ids
    found = np.zeros((groups, len(wanted)), bool)
    found[group[hit], at[hit]] = True
    return (found @ share).astype(np.float32)
