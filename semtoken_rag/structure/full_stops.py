"""Whether a full stop ends a sentence: not behind an abbreviation, ordinal or initial, nor in an address."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from semtoken_rag.structure.abbreviations import abbreviation
from semtoken_rag.structure.language import STOP_WORDS, stop_words
from semtoken_rag.text.months import any_month

REACH = 300  # characters on both sides of a full stop that may belong to one address

# Strings: re compiles them at their first use and not at import.
_WORD = r"(?<![\w.])(?:[^\W\d_]{1,4}\.[ \xa0\u202f-]?){0,3}[^\W\d_](?:[\w-]|\.(?=[º°])){0,20}\.\Z"
_NUMERAL = r"[\d§]|[IVXLC]{1,6}\b(?!')|\(?[a-zA-Z][).]|[A-Z](?![\w'’])"
_ORDINAL = r"(?<![\w.,])(\d{1,3})(?:er|re|e|º|ª|°)?\.\Z"
_MARKER = r"\s*[(\[]?(?:\d{1,3}|[a-zA-Z]|[QAF]\d{1,3}|[ivxIVX]{1,4})[.)]+\Z"  # of a list
_ITEM = r"[(\[]?(?:\d{1,2}|[a-z])[.)] {1,3}[^\W\d_a-z]"  # of a list that runs on
_ADDRESS = r"\S*(?::/|www\.|@\w)|[(<\"']?(?:~?/|[A-Za-z]:\\|\.{1,2}/)\w"
_GLUED = r"(?:\S*[^\w.])?[^\W\d_A-Z]{2,}\.\Z"  # "rained.The tower"
_FRESH = r"(?:[^\W\d_a-z][^\W\d_A-Z]*|[A-Z]{3,})(?![\w.(/@])"
_UNSTOPPED = r"[\u0e01-\u0edf\u1200-\u1360]\.\Z"  # Thai, Lao, Ethiopic: a full stop only abbreviates
_ELIDED = frozenset({"l", "d", "c", "j", "qu", "un", "dell", "all", "nell"})


def ends_sentence(before: str, following: str, language: str, certain: bool) -> bool:
    """Return whether the full stop that ``before`` ends with ends a sentence.

    Parameters
    ----------
    before
        What the sentence has so far, or the last `REACH` characters of it.
    following
        What stands behind the full stop, blanks included; some characters are enough.
    language
        Language code.
    certain
        Whether the rules for sentences at large say that it ends.

    Returns
    -------
    bool
        Whether the full stop ends a sentence.

    Examples
    --------
    >>> ends_sentence("Das gilt gem. Nr.", " 5", "de", True)
    False
    >>> ends_sentence("Ask www.a.org.", " Or go.", "en", False)
    True
    """
    ahead = following.lstrip()
    if ahead is following or ahead == following:
        return certain and _glued(before, following)
    small = ahead[:1].islower()
    last = _last_word(before)
    if certain and not small and _is_plain(last) and not _may_abbreviate(last, language):
        return True
    if re.search(_UNSTOPPED, before[-2:]):
        return False
    if (len(before) < 8 and re.match(_MARKER, before)) or (small and before.endswith("..")):
        return False
    if len(last) > 4 and re.match(_ADDRESS, last):
        return not small
    if (found := re.search(_ORDINAL, before[-8:])) and _counts(ahead, language, found.group(1)):
        return False
    word = found.group() if (found := re.search(_WORD, before[-32:])) else ""
    goes_on = _abbreviated(word, ahead, language) if word else None
    if goes_on is not None:
        return not goes_on
    if certain or small:
        return certain
    listed = re.match(_ITEM, before) and re.match(_ITEM, ahead)
    return listed is not None or (len(word) > 4 and begins_sentence(ahead, language))


def begins_sentence(following: str, language: str) -> bool:
    """Return whether a text begins with a common word that has a capital.

    >>> begins_sentence("The firm", "en"), begins_sentence("Smith", "en"), begins_sentence("Das Amt", "de")
    (True, False, True)
    """
    found = re.match(r"[\"'“‘„«(\[¿¡]{0,3}([^\W\d_]+)", following)
    if not found or not found.group(1)[0].isupper():
        return False
    word = found.group(1).lower()
    known = stop_words(language if language in STOP_WORDS else "en")
    return word in known or (word in _ELIDED and following[found.end() : found.end() + 1] in ("'", "’"))


def _counts(ahead: str, language: str, number: str) -> bool:
    """Return whether a number with a full stop is an ordinal, by what it stands before."""
    if _month().match(ahead) or ahead[:1].islower():
        return True
    return (
        language == "de" and len(number) < 3 and ahead[:1].isupper() and not begins_sentence(ahead, language)
    )


def _last_word(before: str) -> str:
    return before.rsplit(None, 1)[-1]


def _is_plain(word: str) -> bool:
    """Return whether a word with its full stop has nothing but letters, and no accents."""
    return 4 <= len(word) <= 21 and word.isascii() and word[:-1].isalpha()


@lru_cache(4096)
def _may_abbreviate(word: str, language: str) -> bool:
    """Return whether a word of letters, with its full stop, is an abbreviation in some place."""
    return bool(abbreviation(word, language)) or word.lower().endswith("str.")


def _abbreviated(word: str, ahead: str, language: str) -> bool | None:
    """Return whether the sentence goes on behind an abbreviation or initial; None if it is neither."""
    last = re.split(r"[ \xa0\u202f]", word)[-1]
    whole = re.sub(r"[ \xa0\u202f]", "", word)
    last = "str." if last.lower().endswith("str.") else last  # Gartenstr.
    kind = abbreviation(whole, language) or abbreviation(last, language)
    if kind == "never":
        return True
    if kind == "number" and (re.match(_NUMERAL, ahead) or ahead[:1].islower()):
        return True
    initial = (len(last) == 2 and last < "\u0590") or re.fullmatch(r"(?:[^\W\d_]\.){2,4}", whole)
    return not begins_sentence(ahead, language) if kind == "may" or initial else None


def _glued(before: str, following: str) -> bool:
    """Return whether a full stop without a blank ends a sentence, not in a name or an address."""
    word = _last_word(before)
    if re.match(_ADDRESS, word) or "/" in word:
        return False
    if re.match(_GLUED, word) and re.match(_FRESH, following):
        return True
    return (
        re.search(r"[^\W\d_]{3,}\.\Z", word) is not None
        and re.match(r"(?:A|The|In|It|He|She) ", following) is not None
    )


@cache
def _month() -> re.Pattern[str]:
    return re.compile(any_month())
