"""Spans: runs of adjacent tokens whose cosine stays above tau (the paper's C, Algorithm 1 step 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semtoken_rag.types import IntArray, Tokens

PROTECTED = (
    r"\d[\d.,:/\-]*(?:\s?(?:%|[A-Za-zµ°]{1,4}\b|million|billion|thousand))?",  # numbers with units, dates
    r"\b[A-Za-z]*\d[\w.\-]*",  # identifiers
    r"\b(?:not|no|never|none|without|cannot|\w+n[’']t)\b\s*\S*",  # a negation and what it negates
)


@dataclass(frozen=True, slots=True)
class SpanRule:
    """Greedy spans inside a unit, snapped to word boundaries and never inside a protected match.

    Parameters
    ----------
    quantile
        tau as a quantile of the adjacent cosines of the unit, so that it carries over between encoders: 0.5
        breaks at every second pair.
    protect
        The caller's own regular expressions; their matches stay in one span, like numbers with units, dates,
        identifiers and negations.
    """

    quantile: float = 0.5
    protect: Sequence[str] = ()

    def __call__(self, text: str, tokens: Tokens, start: int, end: int) -> IntArray:
        """Spans of the tokens ``start:end`` of ``text``.

        Returns
        -------
        (s, 2) int
            Token ranges in source order that cover ``start:end``.
        """
        if end - start < 2:
            return np.array([(start, end)], np.int64).reshape(-1, 2)
        vectors, offsets = tokens.vectors[start:end], tokens.offsets[start:end]
        cosine = np.einsum("nd,nd->n", vectors[:-1], vectors[1:])  # (n - 1,)
        breaks = cosine < np.quantile(cosine, self.quantile)
        left, right = offsets[:-1, 1], offsets[1:, 0]
        breaks &= left < right  # a blank lies between: a word boundary
        first, last = int(offsets[0, 0]), int(offsets[-1, 1])
        for pattern in (*PROTECTED, *self.protect):
            for match in re.finditer(pattern, text[first:last]):
                a, b = match.start() + first, match.end() + first
                breaks &= ~((left > a) & (left < b))
        cuts = start + 1 + np.flatnonzero(breaks)
        return np.stack([np.r_[start, cuts], np.r_[cuts, end]], 1)
