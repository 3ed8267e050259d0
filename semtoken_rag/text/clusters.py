"""Syllables of the scripts of South-East Asia, which write no blanks, and marks that join letters."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

THAI = "\u0e01-\u0e4e"
LAO = "\u0e81-\u0ecd\u0edc-\u0edf"
BURMESE = "\u1000-\u103f\u1050-\u109f\uaa60-\uaa7f"
KHMER = "\u1780-\u17d3\u17dd"
UNSPACED = THAI + LAO + BURMESE + KHMER  # for a class of characters

_LEADING = "\u0e40-\u0e44\u0ec0-\u0ec4"  # vowels that are written before their consonant
_VIRAMA = "\u1039\u17d2"  # binds the next consonant to the one before
_FOLLOWING = (  # vowels, tones and signs that belong to the consonant before
    "\u0e2f\u0e30-\u0e3a\u0e45-\u0e4e\u0eaf\u0eb0-\u0ebd\u0ec6-\u0ecd\u102b-\u103e\u1056-\u1059\u105e-\u1060"
    "\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d\uaa70\uaa7b-\uaa7d\u17b4-\u17d3\u17dd"
)
_CLOSED = "[\u1000-\u1021](?:\u1037?\u103a|\u1039)"  # a consonant that closes the syllable before
_BETWEEN = rf"(?<=[{UNSPACED}])(?<![{_LEADING}{_VIRAMA}])(?=[{UNSPACED}])(?![{_FOLLOWING}]|{_CLOSED})"
_JOINERS = "\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"  # of emoji


def syllables(text: str) -> list[int]:
    """Positions inside a run of South-East Asian script where a syllable ends and another one begins.

    >>> syllables("ค่าปรับ"), syllables("សួស្តី"), syllables("abc")
    ([3, 4, 6], [2], [])
    """
    if text.isascii():
        return []
    return [match.start() for match in _between().finditer(text)]


def is_unspaced(text: str) -> bool:
    """Return whether most of a text is in a script that writes no blanks between words and no full stops.

    >>> is_unspaced("ค่าปรับ 500"), is_unspaced("A fine of 500 baht (ค่าปรับ)")
    (True, False)
    """
    return not text.isascii() and 2 * len(_unspaced().findall(text)) > len(text)


def is_border(text: str, at: int) -> bool:
    """Return whether a syllable of such a script ends at ``at`` and another one begins there."""
    return _between().match(text, at) is not None


def is_joined(text: str, at: int) -> bool:
    """Return whether the character at ``at`` belongs to the one before: accent, joiner, part of an emoji.

    >>> is_joined("e\u0301", 1), is_joined("ab", 1)
    (True, False)
    """
    if not 0 < at < len(text):
        return False
    return _joined().match(text, at) is not None or text[at - 1] == "\u200d"


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"[{UNSPACED}]")


@cache
def _between() -> re.Pattern[str]:
    return re.compile(_BETWEEN)


@cache
def joined_class() -> str:
    """Every combining mark and joiner, for a class of characters.

    >>> "\u0301" in joined_class()
    True
    """
    marks = (
        chr(c)
        for c in [*range(0x300, 0x3100), *range(0xA000, 0xFE30)]
        if unicodedata.category(chr(c))[0] == "M"
    )
    return re.escape("".join(marks)) + _JOINERS


@cache
def _joined() -> re.Pattern[str]:
    return re.compile(f"[{joined_class()}]")
