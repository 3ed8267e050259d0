"""Numbers with their sign, scale and unit, and dates: one value in whatever form it is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from decimal import Context, Decimal
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

from semtoken_rag.support.dates import date_pattern, is_month, read_date
from semtoken_rag.support.units import PER, SCALE, SIGN, UNIT, either, power_of, unit_of
from semtoken_rag.text.plain import EACH, RUNS

_BEFORE = rf"(?<![^\W{EACH}{RUNS}])"  # where a word may begin, and where one may end
_BEHIND = rf"(?![^\W{EACH}{RUNS}])"
_NUMBER = r"(?:\d{1,3}(?:[ ']\d{3})+(?!\d)(?:[.,]\d{1,40})?|\d{1,40}(?:[.,]\d{1,40})*)"
_WORDED = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_EXACT = Context(prec=100)  # digits
_QUANTITY = (
    r"(?P<minus>(?<![\w)\]%.])-(?=[\d$€£¥₹₽₩₺฿])|(?<!\w)minus )?"
    rf"(?:(?P<sign>{SIGN}) ?-?)?{_BEFORE}(?<!\d[.,:/])"
    rf"(?:(?P<number>{_NUMBER})|(?P<word>{either(_WORDED)})(?!\w))"
    rf"(?:[ -]?(?P<scale>{SCALE})|(?P<letter>(?:k|(?(sign)[mb]|(?!)))(?!\w)))?"
    rf"(?:[ -]?(?P<unit>{UNIT}(?:{PER}{UNIT})?))?(?(sign)(?P<rate>{PER}{UNIT})?){_BEHIND}(?![.,:/]\d)"
)
# A unit of all numbers below or beside it, such as "(in millions of EUR)".
_HEADED = (
    rf"(?:[(\[]|(?<!\w)in )(?=[^\s)])(?:in )?(?P<a>{SIGN})? ?(?P<scale>{SCALE})?(?: of)? ?(?P<b>{UNIT})?"
)
_RANGE = r" ?(?:-|to|and|or|bis|und|oder|et|ou|a|y|o|e) ?"


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


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    found = rf"(?P<date>{_BEFORE}(?<!\d[.,:/]){date_pattern()})|{_QUANTITY}"
    return re.compile(found, re.IGNORECASE), re.compile(_HEADED, re.IGNORECASE)


def headed(text: str) -> list[tuple[int, str]]:
    """Return the scales (powers of ten) and units that a plain text names for numbers without, in order.

    >>> headed("Length (km), sales (in millions of EUR)")
    [(0, 'km'), (6, '€')]
    """
    found = ((power_of(m["scale"]), unit_of(m["a"] or m["b"])) for m in _patterns()[1].finditer(text))
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
        if m["alone"] is not None and not is_month(m):
            continue
        if m["date"]:
            yield Quantity(m.start(), m.end(), *read_date(m))
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
    return power_of(m["scale"] or m["letter"]), unit_of((m["sign"] or m["unit"] or "") + (m["rate"] or ""))


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
