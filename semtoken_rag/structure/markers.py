"""Markers: the bullets, numbers and letters that items of a list and numbered headings begin with."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

# Strings: re compiles them at their first use and not at import.
SIGNS = "✗✓✔✘☑☐☒●○◎■□◆◇▸►▶★☆➔➤・･"
_BLANKED = "-*+•‣◦▪▫–·→»"  # a bullet only with a blank behind it
EAST = (  # （一）, (一), (1)名, 一、, 1、, ①
    "(?:[（(][一二三四五六七八九十]{1,3}[）)]|（\\d{1,3}）|\\(\\d{1,3}\\)(?=[\u3041-\u9fff\uac00-\ud7a3])"
    "|[가나다라마바사아자차카타파하][.)](?= )|[一二三四五六七八九十]{1,3}、|\\d{1,2}、|[①-⑳])"
)
OPTION = (  # -n, --no-cache FILE, with its meaning behind several blanks or below
    r"-{1,2}[A-Za-z?][\w-]{0,40}(?:[ ,=|/]{1,2}[\w\[<-][\w\[\]<>.|=-]{0,40}){0,4}(?=\s{2,}\S|\s*\Z)"
)
ITEM = (
    rf"(\s*)(?:(?:[{_BLANKED}]|(\(?(?:\d{{1,3}}|[a-zA-Z]|[ivx]{{1,4}}|[IVX]{{2,5}})[.)])|\[[ xX]\])\s+(?=\S)"
    rf"|[{SIGNS}]\ufe0f?\s*(?=[^\s{SIGNS}])|{EAST}\s*(?=\S)|(?={OPTION}))"
)
BULLET = rf"\s*(?:[{_BLANKED}{SIGNS}]|\(?\w{{1,3}}[.)])\s"
_MARKER = r"(?m)^[ \t>]*([(\[]?)(\d{1,2}|[a-zA-Z]|[ivx]{1,5}|[IVX]{1,5})([.)\]])(?=\s)"
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")


@dataclass(frozen=True, slots=True)
class Marker:
    """A number or letter in front of a line: its notation, as ``1.`` or ``(a)``, and its place."""

    style: str
    place: int


def read_marker(mark: str) -> list[Marker]:
    """Return what a marker may be: a single letter may be a number of the Romans too.

    >>> read_marker("(2)")
    [Marker(style='(1)', place=2)]
    >>> [marker.style for marker in read_marker("I.")]
    ['I.', 'A.']
    """
    core = mark.strip("()[].")
    left, right = mark[: mark.find(core)], mark[mark.find(core) + len(core) :]
    if core.isdigit():
        return [Marker(f"{left}1{right}", int(core))]
    capital = core.isupper()
    found = []
    if core.lower() in _ROMAN:
        found.append(Marker(f"{left}{'I' if capital else 'i'}{right}", _ROMAN.index(core.lower()) + 1))
    if len(core) == 1:
        found.append(Marker(f"{left}{'A' if capital else 'a'}{right}", ord(core.lower()) - 96))
    return found


def markers_of(text: str) -> frozenset[Marker]:
    """Return every marker at the beginning of a line."""
    found = {"".join(match.groups()) for match in re.finditer(_MARKER, text)}
    return frozenset(marker for mark in found for marker in read_marker(mark))


def has_neighbour(marker: Marker, markers: Collection[Marker]) -> bool:
    """Return whether the marker before or behind this one is among ``markers``."""
    return any(Marker(marker.style, marker.place + step) in markers for step in (-1, 1))
