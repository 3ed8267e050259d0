"""Places to cut a text: ends of words, outside of protected patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from semtoken_rag.types import BoolArray, IntArray

# Characters of scripts that write no blanks, and their punctuation: a cut between two of them is allowed.
_CHARACTER = "[\u3001-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff65]"
_UNSPACED = re.compile(_CHARACTER * 2)


def word_ends(text: str, offsets: IntArray) -> BoolArray:
    """Return after which tokens a word ends: offsets (n, 2), n >= 1, to (n - 1,) bool."""
    left, right = offsets[:-1, 1], offsets[1:, 0]
    ends: BoolArray = left < right
    for i in np.flatnonzero(left == right).tolist():
        ends[i] = _UNSPACED.match(text, int(right[i]) - 1) is not None
    return ends


def unprotected(text: str, offsets: IntArray, protect: Sequence[str]) -> BoolArray:
    """Return after which tokens a cut parts no match of a protected pattern.

    Parameters
    ----------
    text
        The text.
    offsets
        Character range of each token, (n, 2) int, n >= 1.
    protect
        Regular expressions.

    Returns
    -------
    (n - 1,) bool
        True if no match covers the end of the token and goes on after it.
    """
    left, first, last = offsets[:-1, 1], int(offsets[0, 0]), int(offsets[-1, 1])
    free = np.ones(len(left), bool)
    for pattern in protect:
        for match in re.finditer(pattern, text[first:last]):
            inside = np.searchsorted(left, [match.start() + first + 1, match.end() + first])
            free[inside[0] : inside[1]] = False
    return free
