"""Where a text may be cut: at the end of a word, never inside a match that is protected."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from semtoken_rag.text.clusters import is_border, is_joined
from semtoken_rag.types import BoolArray, IntArray

# Between two characters of a script that writes no blanks, or beside its punctuation.
_CHARACTER = "[\u3001-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff65]"
_UNSPACED = re.compile(_CHARACTER * 2)


def word_ends(text: str, offsets: IntArray) -> BoolArray:
    """Return after which token a word ends: offsets (n, 2), n >= 1, to (n - 1,) bool.

    Words end at blanks, around characters of scripts that write none, and between syllables of Thai, Lao,
    Khmer and Burmese; never before an accent or another mark that belongs to the character before.
    """
    left, right = offsets[:-1, 1], offsets[1:, 0]
    ends: BoolArray = left < right
    for i in np.flatnonzero(left == right).tolist():
        at = int(right[i])
        ends[i] = _UNSPACED.match(text, at - 1) is not None or is_border(text, at)
    if not text.isascii():  # a tokenizer that drops accents leaves gaps inside words
        for i in np.flatnonzero(ends).tolist():
            ends[i] = not is_joined(text, int(left[i]))
    return ends


def unprotected(text: str, offsets: IntArray, protect: Sequence[str]) -> BoolArray:
    """Return after which token no match of the patterns ``protect`` goes on.

    Parameters
    ----------
    text
        Any text.
    offsets
        Character range of each token, (n, 2), n >= 1.
    protect
        Regular expressions.

    Returns
    -------
    BoolArray
        For each token but the last, whether no match goes on after it, (n - 1,).
    """
    left, first, last = offsets[:-1, 1], int(offsets[0, 0]), int(offsets[-1, 1])
    free = np.ones(len(left), bool)
    for pattern in protect:
        for match in re.finditer(pattern, text[first:last]):
            inside = np.searchsorted(left, [match.start() + first + 1, match.end() + first])
            free[inside[0] : inside[1]] = False
    return free
