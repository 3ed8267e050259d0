"""Sentences that limit the one before: exceptions and provisos that say nothing by themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from semtoken_rag.text.limit_phrases import AHEAD, LOOSE, STRICT

REACH = 200  # characters of a sentence that are looked at

# One of these is in each sentence that limits another.
_HINTS = (
    "autrement", "échapp", "de même", "dérog", "derog", "notwithst", "subject to", "ander", "abweich",
    "eligible", "eccez", "es sei denn", "vaut", "concern", " apply", "applies", "exempt", "valid",
    "the case", "hold", "limit", "restrict", "reserv", "confined", "beschränkt", "begrenzt", "vorbehalten",
    "réserv", "riservat", "inclu", "cover", "permitted", "allowed", "available", "extend", "not on ",
    "not in ", "not for ", "not d", "not b", "not a", "not if", "not w", "only", "unless", "gilt",
    "gelten", "ausge", "ausnahme", "trifft", "treffen", "anwend", "greif", "gültig", "nicht ", "nur ",
    "außer", "ausser", "pas ", "applic", "applique", "excl", "exent", "isent", "esent", "salvo", "sauf",
    "aplica", "válid", "vale", "rige", "eccettuat", "esclus", "tranne", "eccetto", "exce", "compris",
    "geldt", "gelden", "van toepassing", "inbegrepen", "uitzonder", "uitgezonder", "behalve", "gäller",
    "undant", "gjeld", "gæld", "unntak", "unntat", "undtag", "dotyczy", "obowiąz", "zastosow", "wyjąt",
    "neplat", "výjimk", "не ", "исключени", "кроме", "geçerli", "istisna", "除", "不", "例外", "仅", "僅",
    "只", "ただし", "但", "適用", "当てはま", "限り", "含", "対象外", "다만", "단", "적용", "해당",
    "예외", "제외", "نطبق", "سري", "شمل", "ستثن", "ยกเว้น", "เว้นแต่", "ไม่", "लागू",
)  # fmt: skip
# One of these is in each that does so loosely: a few, as they are looked for in every short sentence.
_LOOSE_HINTS = (
    "appl", "aplica", "only", "not ", "exce", "ecce", "exclu", "esclu", "exempt", "unless", "salvo", "tranne",
    "sauf", "pas ", "behalve", "gilt", "gelten", "findet", "nicht ", "nur ", "außer", "ausser", "ausge",
    "ausnahme", "denn", "утром", "кроме", "除", "不", "例外", "対象外", "限り", "適用", "제외", "적용",
)  # fmt: skip
_NUMBER = (
    r"(?:paragraph|section|clause|article|rule|point|item|absatz|abs\.|ziffer|nummer|nr\.|artikel|art\.|§"
    r"|paragraphe|alinéa|apartado|párrafo|artículo|punto|comma|paragrafo|articolo|n\.º|parágrafo|número|artigo|ponto|item)"
    r"s?\s?\(?(?P<west>\d{1,3}(?:\.\d{1,3}){0,3}|[a-z](?=\)))|第\s?(?P<east>[\d一二三四五六七八九十]{1,3})\s?[款项項条條]|제\s?(?P<korean>\d{1,3})\s?항"
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
    ahead, strict, loose = _patterns()
    opened = ahead.match(lower)
    start = opened.end() if opened else 0
    if strict.match(lower, start):
        found = re.compile(_NUMBER).search(lower, start)
        limit = Limit(True, plain_number(found["west"] or found["korean"] or found["east"]) if found else "")
    elif len(sentence) <= REACH and _has(_LOOSE_HINTS, lower) and loose.match(lower, start):
        limit = Limit(False)
    else:
        return None
    return limit if _has(_HINTS, lower) else None


def _has(hints: Sequence[str], text: str) -> bool:
    return any(map(text.__contains__, hints))


def plain_number(number: str) -> str:
    """Return a number in figures, without a full stop behind it.

    >>> plain_number("二"), plain_number("4.2.")
    ('2', '4.2')
    """
    place = _CHINESE.find(number)
    return str(place) if place > 0 else number.rstrip(".")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    strict = "|".join(phrase for listed in STRICT.values() for phrase in listed)
    return re.compile(AHEAD), re.compile(strict), re.compile("|".join(LOOSE))
