"""Search for a quote in a text, whatever its case, blanks, punctuation and composition of accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import NamedTuple

LEAST = 3  # words that a part of a quote needs to be searched for in its place


class Word(NamedTuple):
    """A word of a text: ``key`` is compared, ``start`` and ``end`` are its character range."""

    key: str
    start: int
    end: int


def words(text: str, start: int, end: int) -> list[Word]:
    """Return the words of a range of a text.

    Parameters
    ----------
    text
        The text.
    start
        First character of the range.
    end
        First character after it.

    Returns
    -------
    list of Word
        In order; each character is a word in scripts that write no blanks.

    Examples
    --------
    >>> [w.key for w in words("It's 3.5 kg!", 0, 12)]
    ['it', 's', '3', '5', 'kg']
    """
    return [Word(_key(m.group()), *m.span()) for m in _pattern().finditer(text, start, end)]


def occurrences(quote: Sequence[Word], text: Sequence[Word]) -> list[tuple[int, int]]:
    """Return the character ranges of the text in which all words of a quote follow one another."""
    keys, n = [w.key for w in quote], len(quote)
    return [
        (text[i].start, text[i + n - 1].end)
        for i in range(len(text) - n + 1)
        if text[i].key == keys[0] and [w.key for w in text[i : i + n]] == keys
    ]


def longest_run(quote: Sequence[Word], text: Sequence[Word]) -> Sequence[Word]:
    """Return the longest run of words of a quote that is in the text too."""
    matcher = SequenceMatcher(None, [w.key for w in text], [w.key for w in quote], autojunk=False)
    found = matcher.find_longest_match()
    return quote[found.b : found.b + found.size]


def _key(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold()


@cache
def _pattern() -> re.Pattern[str]:
    marks = "".join(chr(c) for c in range(0x300, 0x1_1FFF) if unicodedata.category(chr(c)).startswith("M"))
    unspaced = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    return re.compile(rf"[{unspaced}]|(?:(?![{unspaced}_])[\w{re.escape(marks)}])+")
