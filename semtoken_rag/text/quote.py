"""Finding a quote in a text, whatever its case, blanks, punctuation and composition of accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import NamedTuple

LEAST = 3  # words that a part of a quote must have to stand for it


class Word(NamedTuple):
    """A word as it is compared, and its character range."""

    key: str
    start: int
    end: int


def words(text: str, start: int, end: int) -> list[Word]:
    """Words of ``text[start:end]``; in scripts that write no blanks, each character is one.

    >>> [w.key for w in words("It's 3.5 kg!", 0, 12)]
    ['it', 's', '3', '5', 'kg']
    """
    return [Word(_key(m.group()), *m.span()) for m in _pattern().finditer(text, start, end)]


def occurrences(quote: Sequence[Word], text: Sequence[Word]) -> list[tuple[int, int]]:
    """Character ranges of the words of ``text`` in which all words of ``quote`` follow one another."""
    keys, n = [w.key for w in quote], len(quote)
    return [
        (text[i].start, text[i + n - 1].end)
        for i in range(len(text) - n + 1)
        if text[i].key == keys[0] and [w.key for w in text[i : i + n]] == keys
    ]


def longest_run(quote: Sequence[Word], text: Sequence[Word]) -> Sequence[Word]:
    """Longest run of words of ``quote`` that stands in ``text`` too."""
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
