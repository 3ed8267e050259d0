"""Scales and units, one name for each: *kilometres* are ``km``, *Mio.* is ten to the power of 6."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

_SCALES = (  # power of ten, pattern
    (3, "thousand|tausend"),
    (5, "lakhs?"),
    (6, r"mill?i?on\w*|milh(?:ao|oes)|(?:mio|mln)\.?"),
    (7, "crores?"),
    (9, r"milliard\w*|mrd\.?|bn|billions?"),
    (12, "trillions?|billionen"),
)
_LETTERS = {"k": 3, "m": 6, "b": 9}
_EAST = {"十": 1, "百": 2, "千": 3, "万": 4, "萬": 4, "亿": 8, "億": 8, "兆": 12}
_UNITS = {
    "€": "eur|euros?",
    "$": r"us ?\$|usd|(?:us )?dollars?",
    "£": "gbp|pounds?",
    "¥": "jpy|yen|円",
    "%": "percent|per cent|prozent|pour cent|por ciento",
    "s": "seconds?|secs?|sekunden?",
    "min": "minutes?|minuten|mins",
    "h": "hours?|hrs?|stunden?|heures?|horas?",
    "day": "days?|tagen?|jours?|dias?",
    "week": "weeks?|wochen?|semaines?",
    "month": "months?|monaten?|mois|meses",
    "year": "years?|jahren?|ans|annees?|anos?",
    "am": r"a\.?m\.?",
    "pm": r"p\.?m\.?",
    "°C": "° ?c|degrees celsius|celsius",
    "°F": "° ?f|degrees fahrenheit|fahrenheit",
    "ft": "foot|feet",
    "lb": "lbs",
    "mi": "miles?",
    "mi/h": "mph",
}
_PREFIXES = {"kilo": "k", "centi": "c", "milli": "m", "mega": "M", "giga": "G", "tera": "T", "micro": "μ"}
_BASES = {"met": "m", "gra": "g", "lit": "l", "wat": "W", "her": "Hz", "byt": "B", "vol": "V", "ton": "t"}
_LONG = (
    rf"({'|'.join(_PREFIXES)})?"
    r"(met(?:er|re)[ns]?|gramm?e?s?|lit(?:er|re)n?s?|watts?|hertz|bytes?|volts?|tonn?e?s?)"
)
_SHORT = (
    "(?-i:(?:[kKMGTmcdhnpμ]|[KMGT]i)?"
    "(?:m|g|s|l|L|t|h|B|b|bit|W|Wh|V|A|Hz|J|Pa|N|eV|bar|cal|mol|dB|Ω)[²³]?|min|mi|ft|lb|oz)"
)
SIGN = r"(?:[$€£¥₹₽₩₺฿]|us ?\$|(?<!\w)(?:eur|usd|gbp|jpy|chf|cny|rmb|inr|cad|aud|sek|nok|dkk|pln)(?!\w))"


def either(patterns: Iterable[str]) -> str:
    """Return a pattern of what one of the patterns matches."""
    return f"(?:{'|'.join(patterns)})"


SCALE = rf"(?:[{''.join(_EAST)}]+|{either(p for _, p in _SCALES)}(?!\w))"
UNIT = rf"(?:[%‰元円]|{SIGN}|(?:{_SHORT}|{either(_UNITS.values())}|{_LONG})(?!\w))"
PER = "(?:/| per | pro | an? )"


def power_of(scale: str | None) -> int:
    """Return the power of ten that a scale stands for; 0 for none."""
    if not scale:
        return 0
    if letter := _LETTERS.get(scale.lower()):
        return letter
    if scale[0] in _EAST:
        return sum(_EAST[c] for c in scale)
    return next(power for power, pattern in _SCALES if re.fullmatch(pattern, scale, re.IGNORECASE))


def unit_of(written: str) -> str:
    """Return the name of a unit or rate as it is written; empty for none.

    >>> unit_of("kilometres per hour")
    'km/h'
    """
    return "/".join(_one_unit(part) for part in re.split(PER, written)) if written else ""


@cache
def _one_unit(written: str) -> str:
    for unit, pattern in _UNITS.items():
        if re.fullmatch(pattern, written, re.IGNORECASE):
            return unit
    if m := re.fullmatch(_LONG, written, re.IGNORECASE):
        return _PREFIXES.get((m[1] or "").lower(), "") + _BASES[m[2][:3].lower()]
    return re.sub("^K(?!i)", "k", written).replace("L", "l")
