"""Sentences that limit the one before: exceptions and provisos that say nothing by themselves."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from semtoken_rag.text.limit_phrases import AHEAD, HINTS, LOOSE, STRICT

REACH = 200  # characters of a sentence that are looked at

_NUMBER = (
    r"(?:paragraph|section|clause|article|rule|point|item|absatz|abs\.|ziffer|nummer|nr\.|artikel|art\.|§"
    r"|paragraphe|alinéa|apartado|párrafo|artículo|punto|comma|paragrafo|articolo|n\.º|parágrafo|número|artigo|ponto|item)"
    r"s?\s?\(?(?P<west>\d{1,3}(?:\.\d{1,3}){0,3})|第\s?(?P<east>[\d一二三四五六七八九十]{1,3})\s?[款项項条條]|제\s?(?P<korean>\d{1,3})\s?항"
)
_CHINESE = "〇一二三四五六七八九十"


class Limit(NamedTuple):
    """A sentence that limits another: whether it says so by a pronoun or number, and the number, if any."""

    strict: bool
    number: str = ""


def find_limit(sentence: str) -> Limit | None:
    """Return how a sentence limits one before it, None if it does not.

    Parameters
    ----------
    sentence
        Any text; only its beginning is looked at.

    Returns
    -------
    Limit or None
        Not strict: it does so only if it stands beside the other.

    Examples
    --------
    >>> find_limit("This does not apply on Mondays."), find_limit("This does not mean that he was rich.")
    (Limit(strict=True, number=''), None)
    >>> find_limit("(2) Absatz 1 gilt nicht für Gäste.").number
    '1'
    """
    lower = " ".join(sentence[: REACH + 20].lower().split())[:REACH]
    if not any(hint in lower for hint in HINTS):
        return None
    ahead, strict, loose = _patterns()
    opened = ahead.match(lower)
    start = opened.end() if opened else 0
    if strict.match(lower, start):
        found = re.search(_NUMBER, lower)
        return Limit(True, _number(found) if found else "")
    return Limit(False) if len(sentence) <= REACH and loose.match(lower, start) else None


def _number(found: re.Match[str]) -> str:
    number = found["west"] or found["korean"] or found["east"]
    place = _CHINESE.find(number)
    return str(place) if place > 0 else number


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    strict = "|".join(phrase for listed in STRICT.values() for phrase in listed)
    return re.compile(AHEAD), re.compile(strict), re.compile("|".join(LOOSE))
