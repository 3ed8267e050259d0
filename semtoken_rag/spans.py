"""Spans: runs of adjacent tokens whose cosine stays above tau (the paper's C, Algorithm 1 step 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semtoken_rag.types import BoolArray, IntArray, Tokens

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
PROTECTED = (
    rf"\b\d{{1,2}}\s+{_MONTH}(?:,?\s+\d{{4}})?|\b{_MONTH}\s+\d{{1,2}}(?:,?\s+\d{{4}})?",  # dates in words
    r"\d[\d.,:/\-]*(?:\s?(?:%|[A-Za-zµ°]{1,4}\b|million|billion|thousand))?",  # numbers with units, dates
    r"\b[A-Za-z]*\d[\w.\-]*",  # identifiers
    r"(?i:\b(?:not|no|never|none|without|cannot|\w+n[’']t)\b\s*\S*)",  # a negation and what it negates
)
# Between two characters of a script that writes no blanks, or beside its punctuation.
_CHARACTER = "[\u3001-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff65]"


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
        """Spans of the tokens ``start:end`` of ``text``.

        Parameters
        ----------
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
        breaks = cosine < np.quantile(cosine, self.quantile)
        left, right = offsets[:-1, 1], offsets[1:, 0]
        unspaced = np.array([bool(re.match(_CHARACTER * 2, text[at - 1 : at + 1])) for at in right.tolist()])
        breaks &= (left < right) | unspaced  # a word boundary
        first, last = int(offsets[0, 0]), int(offsets[-1, 1])
        for pattern in (*PROTECTED, *protect):
            for match in re.finditer(pattern, text[first:last]):
                a, b = match.start() + first, match.end() + first
                breaks &= ~((left > a) & (left < b))
        cuts = start + 1 + np.flatnonzero(breaks)
        return np.stack([np.r_[start, cuts], np.r_[cuts, end]], 1)
