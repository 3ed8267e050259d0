"""Spans: runs of adjacent tokens whose cosine stays above tau (the paper's C, Algorithm 1 step 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semtoken_rag.text.boundaries import unprotected, word_ends
from semtoken_rag.types import IntArray, Tokens

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
PROTECTED = (
    rf"\b\d{{1,2}}\s+{_MONTH}(?:,?\s+\d{{4}})?|\b{_MONTH}\s+\d{{1,2}}(?:,?\s+\d{{4}})?",  # dates in words
    r"\d[\d.,:/\-]*(?:\s?(?:%|[A-Za-zµ°]{1,4}\b|million|billion|thousand))?",  # numbers with units, dates
    r"\b[A-Za-z]*\d[\w.\-]*",  # identifiers
    r"(?i:\b(?:not|no|never|none|without|cannot|\w+n[’']t)\b\s*\S*)",  # a negation and what it negates
)


@dataclass(frozen=True, slots=True)
class SpanRule:
    """Greedy spans inside a unit, snapped to word boundaries and never inside a protected match.

    Parameters
    ----------
    quantile
        tau as a quantile of the adjacent cosines of the unit, so that it carries over between encoders: 0.5
        breaks at every second pair, 0.9 leaves only the closest pairs together.
    """

    quantile: float = 0.9

    def __call__(
        self, text: str, tokens: Tokens, start: int, end: int, protect: Sequence[str] = ()
    ) -> IntArray:
        """Return the spans of a range of tokens.

        Parameters
        ----------
        text
            The chunk's text.
        tokens
            Those of the call.
        start
            First token.
        end
            Token behind the last.
        protect
            Regular expressions whose matches stay in one span, as numbers with units, dates, identifiers and
            negations do.

        Returns
        -------
        (s, 2) int
            Token ranges in source order that cover ``start:end``.
        """
        if end - start < 2:
            return np.array([(start, end)], np.int64).reshape(-1, 2)
        vectors, offsets = tokens.vectors[start:end], tokens.offsets[start:end]
        cosine = np.einsum("nd,nd->n", vectors[:-1], vectors[1:])  # (n - 1,)
        breaks = (cosine < np.quantile(cosine, self.quantile)) & word_ends(text, offsets)
        breaks &= unprotected(text, offsets, (*PROTECTED, *protect))
        cuts = start + 1 + np.flatnonzero(breaks)
        return np.stack([np.r_[start, cuts], np.r_[cuts, end]], 1)
