"""Runs of letters by which texts of any language are compared, without its words being known.

Words are cut into n-grams, so that neither an ending or prefix nor a script without blanks hides them. Case,
accents and the points of Arabic and Hebrew are left out.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from semtoken_rag.text.clusters import joined_class

GRAM = 4  # characters of an n-gram, the blanks around a word among them
# Letters that Unicode calls wide, each a syllable or a word: they are compared one by one and in pairs.
WIDE = (  # of what stands between them, `plain` leaves nothing
    "\u1100-\u115f\u2e80-\u303c\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff"
    "\U00016fe0-\U0001b2ff\U00020000-\U0003fffd"
)
_ACCENTS = (  # of Latin, Greek, Cyrillic, Hebrew, Arabic and Syriac, and the stroke that lengthens a word
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a"
)


def plain(text: str) -> str:
    """Return the words of a text in lower case, without accents, a blank before, between and after them.

    Wide letters stand apart from others.

    >>> plain("Élan, P-20: 3号灯塔")
    ' elan p 20 3 号灯塔 '
    """
    if text.isascii():
        return " ".join(["", *_others().sub(" ", text.lower()).split(), ""])
    text = unicodedata.normalize("NFC", _accents().sub("", unicodedata.normalize("NFKD", text)))
    apart = _borders().sub(" ", _others().sub(" ", text.lower()))
    return " ".join(["", *apart.split(), ""])


def grams(words: str) -> list[str]:
    """Return the different n-grams of what `plain` returned, in order; of wide letters, each and each pair.

    >>> grams(plain("The lamp")), grams(plain("灯塔"))
    ([' the', 'the ', ' lam', 'lamp', 'amp '], ['灯', '灯塔', '塔'])
    """
    found: dict[str, None] = {}
    for word in words.split():
        if is_wide(word[0]):
            found.update((word[i : i + n], None) for i in range(len(word)) for n in (1, 2))
        else:
            padded = f" {word} "
            found.update((padded[i : i + GRAM], None) for i in range(max(1, len(padded) - GRAM + 1)))
    return list(found)


def is_wide(letter: str) -> bool:
    """Return whether a letter is a wide one.

    >>> is_wide("灯"), is_wide("か"), is_wide("한"), is_wide("ก"), is_wide("a")
    (True, True, True, False, False)
    """
    return letter > "\u10ff" and _wide().match(letter) is not None


@cache
def _wide() -> re.Pattern[str]:
    return re.compile(f"[{WIDE}]")


@cache
def _others() -> re.Pattern[str]:
    """Match what parts words: neither letter, nor digit, nor mark."""
    return re.compile(rf"(?:_|[^\w{joined_class()}])+")


@cache
def _accents() -> re.Pattern[str]:
    return re.compile(f"[{_ACCENTS}]")


@cache
def _borders() -> re.Pattern[str]:
    return re.compile(f"(?<=[{WIDE}])(?=[^{WIDE} ])|(?<=[^{WIDE} ])(?=[{WIDE}])")
