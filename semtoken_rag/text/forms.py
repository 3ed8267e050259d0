"""One form of what is written in several: letters and signs, numbers with their units, dates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from decimal import Context, Decimal
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

from semtoken_rag.text.months import month_numbers

EACH = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # scripts in which each character is a word
RUNS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # others without blanks between words
_BEFORE = rf"(?<![^\W{EACH}{RUNS}])"  # where a word may begin, and where one may end
_BEHIND = rf"(?![^\W{EACH}{RUNS}])"
_SAME = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc`"), "'"),
    **dict.fromkeys(
        (0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF)
    ),
    0x66B: ".",
    0x66C: ",",
}
_RAISED = "([¹²³⁰-⁹¼-¾⅐-⅞]+)"  # would be digits like any other: 10⁵, m²


class Quantity(NamedTuple):
    """A number with its sign, scale and unit, or a date: ``text[start:end]``.

    Attributes
    ----------
    start, end
        Character range.
    needs
        What an equal one has among its ``offers``.
    offers
        What it says, in all of its readings: a date its year too, *5 km* the number too.
    """

    start: int
    end: int
    needs: tuple[str, ...]
    offers: tuple[str, ...]


def plain(text: str) -> str:
    r"""Return a text without accents and invisible characters, with one form of each letter, digit and sign.

    >>> plain("Adélé’s １９ – ٣")
    "Adele's 19 - 3"
    """
    if text.isascii():
        return text.replace("`", "'")
    parts = re.split(_RAISED, text)
    parts[::2] = (re.sub("[\u0300-\u036f]+", "", unicodedata.normalize("NFKD", p)) for p in parts[::2])
    text = unicodedata.normalize("NFC", "".join(parts)).translate(_SAME)
    return re.sub(r"(?![0-9])\d", lambda m: str(unicodedata.decimal(m[0])), text)


_NUMBER = r"(?:\d{1,3}(?:[ ']\d{3})+(?!\d)(?:[.,]\d{1,40})?|\d{1,40}(?:[.,]\d{1,40})*)"
_WORDED = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_EXACT = Context(prec=100)  # digits
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
_SIGN = r"(?:[$€£¥₹₽₩₺฿]|us ?\$|(?<!\w)(?:eur|usd|gbp|jpy|chf|cny|rmb|inr|cad|aud|sek|nok|dkk|pln)(?!\w))"


def _either(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(patterns)})"


_SCALE = rf"(?:[{''.join(_EAST)}]+|{_either(p for _, p in _SCALES)}(?!\w))"
_UNIT = rf"(?:[%‰元円]|{_SIGN}|(?:{_SHORT}|{_either(_UNITS.values())}|{_LONG})(?!\w))"
_PER = "(?:/| per | pro | an? )"
_QUANTITY = (
    r"(?P<minus>(?<![\w)\]%.])-(?=[\d$€£¥₹₽₩₺฿])|(?<!\w)minus )?"
    rf"(?:(?P<sign>{_SIGN}) ?-?)?{_BEFORE}(?<!\d[.,:/])"
    rf"(?:(?P<number>{_NUMBER})|(?P<word>{_either(_WORDED)})(?!\w))"
    rf"(?:[ -]?(?P<scale>{_SCALE})|(?P<letter>(?:k|(?(sign)[mb]|(?!)))(?!\w)))?"
    rf"(?:[ -]?(?P<unit>{_UNIT}(?:{_PER}{_UNIT})?))?(?(sign)(?P<rate>{_PER}{_UNIT})?){_BEHIND}(?![.,:/]\d)"
)
# A unit of all numbers below or beside it, such as "(in millions of EUR)".
_HEADED = (
    rf"(?:[(\[]|(?<!\w)in )(?=[^\s)])(?:in )?(?P<a>{_SIGN})? ?(?P<scale>{_SCALE})?(?: of)? ?(?P<b>{_UNIT})?"
)
_RANGE = r" ?(?:-|to|and|or|bis|und|oder|et|ou|a|y|o|e) ?"


@cache
def _months() -> dict[str, int]:
    return {plain(name): number for name, number in month_numbers().items()}


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    initials: dict[str, list[str]] = {}  # so that most words are seen to be none at once
    for name in sorted(_months(), reverse=True):
        initials.setdefault(name[0], []).append(name[1:])
    month = _either(f"{letter}{_either(rest)}" for letter, rest in initials.items())
    day, year = r"\d{1,2}(?:st|nd|rd|th|er|\.)?", r"\d{4}(?!\w)"
    dates = (
        r"(?P<y1>\d{4})-(?P<m1>\d\d)-(?P<d1>\d\d)(?!\d)",
        r"(?P<n1>\d{1,2})(?P<between>[./-])(?P<n2>\d{1,2})(?P=between)(?P<y2>\d{4})(?!\w)",
        rf"(?P<d3>{day})(?: of| de| di)? (?P<m3>{month})(?!\w)\.?(?:,?(?: del?)? (?P<y3>{year}))?",
        r"(?P<y4>\d{4})年(?:(?P<m4>\d{1,2})月(?:(?P<d4>\d{1,2})[日号])?)?",
        rf"(?P<m5>{month})(?!\w)(?:\.?,?(?: of| del?)? (?P<y5>{year})"
        rf"|\.? (?P<d6>{day})(?!\w|[.,:/]\d)(?:,? (?P<y6>{year}))?|(?P<alone>))",
    )
    date = rf"{_BEFORE}(?<!\d[.,:/])(?:(?=\d)(?:{'|'.join(dates[:-1])})|(?=[^\W\d_]{{3}}){dates[-1]})"
    return re.compile(f"(?P<date>{date})|{_QUANTITY}", re.IGNORECASE), re.compile(_HEADED, re.IGNORECASE)


def headed(text: str) -> list[tuple[int, str]]:
    """Return the scales (powers of ten) and units that a plain text names for numbers without, in order.

    >>> headed("Length (km), sales (in millions of EUR)")
    [(0, 'km'), (6, '€')]
    """
    found = ((_power(m["scale"]), _unit(m["a"] or m["b"])) for m in _patterns()[1].finditer(text))
    return [*dict.fromkeys(pair for pair in found if pair != (0, ""))]


def quantities(text: str, heads: Collection[tuple[int, str]] = ()) -> Iterator[Quantity]:
    """Find the numbers and dates of a text.

    One that may be read in two ways offers both: *03/05/2021* is in March and in May, *12 345* may be two
    numbers. A point or comma before three digits groups them, as in *1.234*.

    Parameters
    ----------
    text
        A text, as `plain` returns it.
    heads
        Scales and units that its numbers without a unit may have, see `headed`.

    Yields
    ------
    Quantity
        In order.

    Examples
    --------
    >>> [q.needs for q in quantities("-5 km, $1.5 million, 3 May 2021")]
    [('-5 km',), ('1500000 $',), ('--05-03', '2021')]
    """
    found = [*_patterns()[0].finditer(text)]
    for m, after in zip_longest(found, found[1:]):
        if m["alone"] is not None and not _is_month(m):
            continue
        if m["date"]:
            yield Quantity(m.start(), m.end(), *_date(m))
        else:
            ranges = after and after["number"] and re.fullmatch(_RANGE, text[m.end() : after.start()])
            yield Quantity(m.start(), m.end(), *_number(m, [*heads, _measure(after)] if ranges else heads))


def _number(m: re.Match[str], heads: Collection[tuple[int, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a number needs and offers."""
    written = m["number"] or str(2 + _WORDED.index(m["word"].lower()))
    minus = "-" if m["minus"] or "-" in m[0][: m.start("number") - m.start()] else ""
    digits = minus + _ungrouped(written)
    power, unit = _measure(m)
    if power or unit:
        amount = _amount(digits, power, unit)
        offers = [amount, amount.split("/")[0], _amount(digits, power, "")]  # the price of a month is a price
        return (amount,), (*offers, *([] if power else [digits]))
    offers = [digits, *(_amount(digits, *head) for head in heads)]
    if " " in written:
        offers += written.split()
    if len(digits) < 3 and digits.isdigit():
        offers += [word for n, word in enumerate(_WORDED, 2) if n == int(digits)]
    return (m["word"].lower() if m["word"] else digits,), tuple(offers)


def _measure(m: re.Match[str]) -> tuple[int, str]:
    return _power(m["scale"] or m["letter"]), _unit((m["sign"] or m["unit"] or "") + (m["rate"] or ""))


def _amount(digits: str, power: int, unit: str) -> str:
    if re.fullmatch(r"-?\d+(?:\.\d+)?", digits):
        digits = f"{Decimal(digits).scaleb(power, _EXACT).normalize(_EXACT):f}"
    return f"{digits} {unit}".rstrip()


def _ungrouped(number: str) -> str:
    """Return a number without separators between its groups, and a point before its decimals."""
    number = re.sub("[ ']", "", number)
    signs = re.findall("[.,]", number)
    if not signs:
        return number
    whole, decimals = number.rsplit(signs[-1], 1)
    if len(set(signs)) == 1 and len(decimals) == 3 and re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{2,3})*", whole):
        return re.sub("[.,]", "", number)
    return number if signs.count(signs[-1]) > 1 else re.sub("[.,]", "", whole) + "." + decimals


def _power(scale: str | None) -> int:
    if not scale:
        return 0
    if letter := _LETTERS.get(scale.lower()):
        return letter
    if scale[0] in _EAST:
        return sum(_EAST[c] for c in scale)
    return next(power for power, pattern in _SCALES if re.fullmatch(pattern, scale, re.IGNORECASE))


def _unit(written: str | None) -> str:
    return "/".join(_one_unit(part) for part in re.split(_PER, written)) if written else ""


@cache
def _one_unit(written: str) -> str:
    for unit, pattern in _UNITS.items():
        if re.fullmatch(pattern, written, re.IGNORECASE):
            return unit
    if m := re.fullmatch(_LONG, written, re.IGNORECASE):
        return _PREFIXES.get((m[1] or "").lower(), "") + _BASES[m[2][:3].lower()]
    return re.sub("^K(?!i)", "k", written).replace("L", "l")


def _date(m: re.Match[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a date needs, its year and its day, and what it offers."""
    part = {
        name[0]: value for name, value in m.groupdict().items() if value and re.fullmatch("[ymd]\\d", name)
    }
    year = (part["y"],) if "y" in part else ()
    day = int(re.sub(r"\D", "", part.get("d", "0")))
    days = [(_month(part.get("m", "0")), day)]
    if m["n1"]:
        first, second = int(m["n1"]), int(m["n2"])
        days = [(second, first)] if m["between"] == "." else [(second, first), (first, second)]
    days = [(month, day) for month, day in days if month <= 12 and day <= 31]
    if not days:
        return (m[0],), (m[0], *year)
    offers = [*year]
    for month, day in days:
        dated = [f"--{month:02}-{day:02}", f"{month} or {day}", f"{day} or {month}", str(day)] if day else []
        offers += [*dated, f"--{month:02}"] if month else []
    month, day = days[0]
    if len(days) > 1:
        return (f"{day} or {month}", *year), tuple(offers)
    needs = (f"--{month:02}-{day:02}" if day else f"--{month:02}",) if month else ()
    return (*needs, *year), tuple(offers)


def _month(written: str) -> int:
    return int(written) if written.isdigit() else _months()[written.lower()]


def _is_month(m: re.Match[str]) -> bool:
    """Whether a name without day and year is of a month: "March", "in May", but neither "set" nor "May I"."""
    name, before = m["m5"], m.string[max(0, m.start() - 3) : m.start()]
    return name[0].isupper() and (len(name) > 3 or before in ("in ", "of ", "by "))
