"""Exact signs: numbers and identifiers that a question spells out, looked for as they are.

Vectors blur them: those of "P-20" and "P-10" are close.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from semtoken_rag.text.clusters import UNSPACED
from semtoken_rag.text.grams import WIDE
from semtoken_rag.types import FloatArray

_NAME = r"\w*\d[\w.,:/-]*\w|\d"  # a number, a date, an identifier
_LETTERED = (
    r"(?=\w*-?\w*\d)(?=[\d-]*[^\W\d_])\w+(?:[.:/-]\w+)*"  # an identifier with letters: P-20, AS-206, K2
)


def exact_signs(question: str, texts: Iterable[str]) -> FloatArray | None:
    """Return what each unit has of the numbers and identifiers of a question: (m,) float32, higher = keep.

    Parameters
    ----------
    question
        The question.
    texts
        Of each unit with what it hangs on, (m,); not looked at if the question spells out nothing.

    Returns
    -------
    (m,) float32 or None
        The share of the question's numbers and identifiers, and that of its identifiers with letters once
        more, in [0, 2]. None if the question has neither, or all units are alike.

    Examples
    --------
    >>> exact_signs("What is the power of P-20?", ["P-10, power 2.2", "P-20, power 3.0"]).tolist()
    [0.0, 2.0]
    """
    asked = _apart(question)
    names = set(re.findall(_NAME, asked))
    if not names:
        return None
    lower = [_apart(text) for text in texts]
    lettered = set(re.findall(_LETTERED, asked))
    shares: FloatArray = _name_shares(names, lower) + _name_shares(lettered, lower)
    return shares if len(shares) and np.ptp(shares) > 0 else None


def _apart(text: str) -> str:
    """Return a text in lower case, blanks in place of what is written without blanks."""
    return text.lower() if text.isascii() else _unspaced().sub(" ", text.lower())


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"[{UNSPACED}{WIDE}]")


def _name_shares(names: set[str], texts: Sequence[str]) -> FloatArray:
    found = [sum(_has(text, name) for name in names) / max(len(names), 1) for text in texts]
    return np.array(found, np.float32)


def _has(text: str, name: str) -> bool:
    """Return whether a name stands in a text as a word of its own."""
    at = text.find(name)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not (before.isalnum() or after.isalnum()):
            return True
        at = text.find(name, at + 1)
    return False
