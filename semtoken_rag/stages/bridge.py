"""Bridging: what a unit gains because it explains something that a kept unit mentions (multi-hop)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semtoken_rag.stages.terms import Terms, total
from semtoken_rag.stages.weights import fitted
from semtoken_rag.types import FloatArray, Units

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

    def gain(self, kept: int, units: Units, terms: Terms, encoder: str) -> FloatArray:
        """Return what every unit gains by ``kept``.

        Parameters
        ----------
        kept
            Number of the unit that is kept.
        units
            Units of the call.
        terms
            Terms of the call.
        encoder
            Name of the encoder, which has weights of its own.

        Returns
        -------
        FloatArray
            Gain of each unit, (m,) float32 >= 0; 0 within the chunk of ``kept``.
        """
        weights = self.weights if self.weights is not None else fitted(encoder)["bridge"]
        values = features(kept, units, terms)
        gained = sum((np.float32(weights.get(n, 0.0)) * values[n] for n in FEATURES), np.zeros(len(units)))
        return np.maximum(gained, 0.0).astype(np.float32)


def features(kept: int, units: Units, terms: Terms) -> dict[str, FloatArray]:
    """Return features in [0, 1] of every unit beside ``kept``; 0 within the chunk of ``kept``.

    ``title_mentioned``: share of the unit's title that ``kept`` mentions; ``mentions_title``: share of the
    title of ``kept`` that the unit mentions; ``shared``: share of the rare tokens of ``kept`` that the unit
    carries. Shares are weighted by IDF; tokens of the question count nothing. The first words of a chunk
    without a title stand for one.

    Parameters
    ----------
    kept
        Number of the unit that is kept.
    units
        Units of the call.
    terms
        Terms of the call.

    Returns
    -------
    dict of str to FloatArray
        Values of each feature by name, (m,).
    """
    m, chunk = len(units), int(units.chunk[kept])
    chunks = int(units.chunk.max(initial=0)) + 1
    other = (units.chunk != chunk).astype(np.float32)
    weight = terms.idf * ~terms.marked(terms.query)
    mentioned = weight * terms.marked(terms.of_unit(kept))
    title = weight * terms.marked(terms.of_head(chunk))
    of_title = total(terms.in_heads, mentioned, chunks) / np.maximum(
        total(terms.in_heads, weight, chunks), 1e-9
    )
    return {
        "title_mentioned": of_title[units.chunk] * other,
        "mentions_title": _share(terms, title**2, m) * other,
        "shared": _share(terms, mentioned**2, m) * other,
    }


def _share(terms: Terms, value: FloatArray, m: int) -> FloatArray:
    """Share of the value of all codes that each unit carries: (m,)."""
    return total(terms.in_units, value / max(float(value.sum()), 1e-9), m)
