"""A question as it is put to the units of a call, for the stages that judge all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from semtoken_rag._internal.lazy import lazy_property
from semtoken_rag.arrays import group_max, similarity
from semtoken_rag.stages.strangeness import strangeness
from semtoken_rag.stages.terms import Terms, total
from semtoken_rag.types import Chunk, FloatArray, Query, Tokens, Units


@dataclass(frozen=True, eq=False)
class Asked:
    """A question, the chunks of a call, and what is known of both.

    Attributes
    ----------
    query, chunks, tokens, units, terms
        As the stages take them.
    """

    query: Query
    chunks: Sequence[Chunk]
    tokens: Tokens
    units: Units
    terms: Terms

    @classmethod
    def of(cls, query: Query, chunks: Sequence[Chunk], tokens: Tokens, units: Units) -> Asked:
        """Count the terms of a call.

        Parameters
        ----------
        query
            The encoded question.
        chunks
            Chunks of the call.
        tokens
            Their fingerprints.
        units
            Their units.

        Returns
        -------
        Asked
            All of it together.
        """
        return cls(query, chunks, tokens, units, Terms.of(tokens, units, query.encoding.ids))

    def on(self, units: Units) -> Asked:
        """Return the same on units that differ in nothing but what they hang on."""
        return self if units is self.units else replace(self, units=units)

    @lazy_property
    def weight(self) -> FloatArray:
        """IDF of each token of the question, summing to 1: (q,)."""
        return self.terms.query_weight()

    @lazy_property
    def cosines(self) -> FloatArray:
        """Best cosine of each token of the question with a token of each unit: (q, m)."""
        every = similarity(self.query.encoding.vectors, self.tokens.vectors)
        return group_max(every[:, self.terms.inside], self.terms.unit, len(self.units))

    @lazy_property
    def late(self) -> FloatArray:
        """Late interaction of the question with each unit by itself: (m,) in [-1, 1]."""
        late: FloatArray = self.weight @ self.cosines
        return late

    @lazy_property
    def shared(self) -> FloatArray:
        """Share of the question's tokens, by IDF, that each unit has word for word: (m,)."""
        share = np.zeros_like(self.terms.idf)
        share[self.terms.query] = self.weight
        return total(self.terms.in_units, share, len(self.units))

    @lazy_property
    def strange(self) -> float:
        """How little of the question the encoder knows, see `semtoken_rag.stages.strangeness`."""
        return strangeness(self.query, self.chunks, self.tokens)
