"""Dates, whatever the order and the language of their months."""

from __future__ import annotations

import re
from functools import cache

from semtoken_rag.support.units import either
from semtoken_rag.text.months import month_numbers
from semtoken_rag.text.plain import plain


@cache
def date_pattern() -> str:
    """Return the pattern of a date, for `re.IGNORECASE`; `read_date` reads its groups."""
    initials: dict[str, list[str]] = {}  # so that most words are seen to be none at once
    for name in sorted(_months(), reverse=True):
        initials.setdefault(name[0], []).append(name[1:])
    month = either(f"{letter}{either(rest)}" for letter, rest in initials.items())
    day, year = r"\d{1,2}(?:st|nd|rd|th|er|\.)?", r"\d{4}(?!\w)"
    numbered = (
        r"(?P<y1>\d{4})-(?P<m1>\d\d)-(?P<d1>\d\d)(?!\d)",
        r"(?P<n1>\d{1,2})(?P<between>[./-])(?P<n2>\d{1,2})(?P=between)(?P<y2>\d{4})(?!\w)",
        rf"(?P<d3>{day})(?: of| de| di)? (?P<m3>{month})(?!\w)\.?(?:,?(?: del?)? (?P<y3>{year}))?",
        r"(?P<y4>\d{4})年(?:(?P<m4>\d{1,2})月(?:(?P<d4>\d{1,2})[日号])?)?",
    )
    named = (
        rf"(?P<m5>{month})(?!\w)(?:\.?,?(?: of| del?)? (?P<y5>{year})"
        rf"|\.? (?P<d6>{day})(?!\w|[.,:/]\d)(?:,? (?P<y6>{year}))?|(?P<alone>))"
    )
    return rf"(?:(?=\d){either(numbered)}|(?=[^\W\d_]{{3}}){named})"


def read_date(m: re.Match[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
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


def is_month(m: re.Match[str]) -> bool:
    """Return whether a name alone is of a month: "March" and "in May" are, "set" and "May I" are not."""
    name, before = m["m5"], m.string[max(0, m.start() - 3) : m.start()]
    return name[0].isupper() and (len(name) > 3 or before in ("in ", "of ", "by "))


@cache
def _months() -> dict[str, int]:
    return {plain(name): number for name, number in month_numbers().items()}
