"""Search for a quote in a text, whatever its case, blanks, punctuation and composition of accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import NamedTuple

_LINE_END = r"[-\u00ad\u2010][ \t]*\r?\n[ \t]*"  # inside a word
LEAST = 3  # words that a part of a quote needs to be searched for in its place


class Word(NamedTuple):
    """A word of a text: ``key`` is compared, ``start`` and ``end`` are its character range."""

    key: str
    start: int
    end: int


def words(text: str, start: int, end: int, unbroken: bool = False) -> list[Word]:
    r"""Return the words of a range of a text.

    Parameters
    ----------
    text
        The text.
    start
        First character of the range.
    end
        First character after it.
    unbroken
        Whether the halves of a word that a line end parts are one word.

    Returns
    -------
    list of Word
        In order; each character is a word in scripts that write no blanks.

    Examples
    --------
    >>> [w.key for w in words("It's 3.5 kg!", 0, 12)]
    ['it', 's', '3', '5', 'kg']
    >>> words("drill-\ned", 0, 9, unbroken=True)
    [Word(key='drilled', start=0, end=9)]
    """
    found = [Word(_key(m.group()), *m.span()) for m in _pattern().finditer(text, start, end)]
    return _join_halves(text, found) if unbroken else found


def _join_halves(text: str, found: Sequence[Word]) -> list[Word]:
    out: list[Word] = []
    for word in found:
        between = text[out[-1].end : word.start] if out else ""
        if re.fullmatch(_LINE_END, between) and text[word.start].islower():
            half = out.pop()
            out.append(Word(half.key + word.key, half.start, word.end))
        else:
            out.append(word)
    return out


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
