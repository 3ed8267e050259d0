"""Titles: short lines that only the lines around them, and others of their kind, make headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from semtoken_rag.structure.headings import LONGEST, is_title, marked_level
from semtoken_rag.structure.markers import BULLET, EAST, ITEM, has_neighbour, read_marker
from semtoken_rag.structure.unfinished import begins_small, wants_more

QUOTED = 20  # added to the level of a heading inside a quotation
SHORT = 50  # characters that a title directly above its text has less than
_DIRECT, _PLAIN, _BRACKETED, _NUMBERED = 8, 7, 6, 3  # levels

# Strings: re compiles them at their first use and not at import.
_FINAL = r"[.!?。！？…][\"'”’»）)\]]*\Z"
_CLOSED = _FINAL + r"|[:：]\Z|\A(?:#|[=*_~-]{3,}\Z)"  # a line that nothing below goes on with
_BRACKETS = r"(?:\[(?=[^\[\]]*[^\W\d_a-zß-öø-ÿ])(?!\^)[^\[\]]{2,40}\]|【[^【】]{1,30}】)\Z"
_NUMBER = r"(\(?(?:\d{1,2}|[A-Za-z]|[ivx]{1,5}|[IVX]{2,5})[.)]|\d{1,2}|\d{1,2}(?:\.\d{1,2})+\.?)\s+(?=\S)"
_ALERT = r"\[![A-Za-z]{3,20}\][+-]?\Z"  # [!CAUTION]
_QUOTE = r"(?:>\s?)+"
_OTHER = BULLET + r"|[#>|`<{\[(]|.*[|\t]"  # no sentence
_ENDS = ".!;,。！；，、…"  # what no title ends with
_MARKS = {"？": "?", "؟": "?", "：": ":"}


@dataclass(frozen=True, slots=True)
class Title:
    """The level of a line that is a heading, 1 = highest, and the number or letter that it begins with."""

    level: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without blanks around it, where it begins, and the first line below that is not blank."""

    start: int
    text: str
    below: str
    near: bool  # whether that is the very next line
    fresh: bool  # whether the line above is blank, missing or complete
    above: int  # where that line begins


def find_titles(text: str) -> dict[int, Title]:
    r"""Find the lines that are headings by what is around them.

    Numbered lines above a sentence or above the first number of the next level; lines in brackets; lines with
    a colon or question mark, and lines without a mark, directly above text, if the text has several; and
    headings inside quotations.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    dict of int to Title
        By where the line begins in the text, its blanks included.

    Examples
    --------
    >>> find_titles("Low season\nA room costs 60.\nHigh season\nA room costs 95.")
    {0: Title(level=8, mark=''), 28: Title(level=8, mark='')}
    """
    found = _Found()
    for line in _short_lines(text):
        found.take(replace(line, fresh=True) if line.above in found.sure else line)
    return found.all()


@dataclass(slots=True)
class _Found:
    """The titles so far, and what may be one."""

    sure: dict[int, Title] = field(default_factory=dict)
    alike: list[tuple[str, int]] = field(default_factory=list)  # titles if there are several of the kind
    numbered: list[tuple[int, str, bool]] = field(default_factory=list)  # whether it needs a neighbour

    def take(self, line: _Line) -> None:
        """Look at a line."""
        if line.text[0] == ">":
            if level := _quoted(line):
                self.sure[line.start] = Title(QUOTED + level)
        elif re.match(_BRACKETS, line.text):
            if line.below and not re.match(_BRACKETS, line.below):
                self.sure[line.start] = Title(_BRACKETED)
        elif match := re.match(_NUMBER, line.text):
            self._take_numbered(line, match.group(1), line.text[match.end() :])
        elif kind := _kind(line):
            self.alike.append((kind, line.start))

    def _take_numbered(self, line: _Line, number: str, title: str) -> None:
        if "." in number[:-1]:
            if _is_section(line, title):
                self.sure[line.start] = Title(_NUMBERED + number.rstrip(".").count("."))
        elif is_title(title) and not wants_more(title):
            if _is_above_its_first(line, number):
                self.sure[line.start] = Title(_NUMBERED, number)
            elif _is_sentence(line.below):
                initial = number[:1].isupper() or number.isdigit()  # or a quantity
                self.numbered.append((line.start, number, initial or not (line.fresh and line.near)))

    def all(self) -> dict[int, Title]:
        """Return the titles by where they begin."""
        count = Counter(kind for kind, _ in self.alike)
        found = self.sure | {start: Title(_DIRECT) for kind, start in self.alike if count[kind] > 1}
        markers = {marker for _, number, _ in self.numbered for marker in read_marker(number)}
        for start, number, needs in self.numbered:
            if not needs or any(has_neighbour(marker, markers) for marker in read_marker(number)):
                found[start] = Title(_NUMBERED, number)
        return found


def _short_lines(text: str) -> Iterator[_Line]:
    """Yield the lines that are as short as a heading."""
    rows = text.split("\n")
    stripped = [row.strip() for row in rows]
    below = [""] * len(rows)
    for i in range(len(rows) - 2, -1, -1):
        below[i] = stripped[i + 1] or below[i + 1]
    start, above, last = 0, "", -1
    for i, (row, line) in enumerate(zip(rows, stripped, strict=True)):
        if 0 < len(line) <= LONGEST and (
            line[0] == ">" or (line[-1] not in _ENDS and not below[i][:1].islower())
        ):
            near = i + 1 < len(rows) and bool(stripped[i + 1])
            fresh = not above or re.search(_CLOSED, above[-LONGEST:]) is not None
            yield _Line(start, line, below[i], near, fresh, last)
        start, above, last = start + len(row) + 1, line, start


def _quoted(line: _Line) -> int:
    """Return the level of a heading inside a quotation, 0 if the line is none."""
    inner = line.text[re.match(_QUOTE, line.text).end() :]  # type: ignore[union-attr]
    if line.below[:1] != ">":
        return 0
    if re.match(_ALERT, inner):
        return _BRACKETED
    plain = line.fresh and not line.below.strip("> ") and is_title(inner)
    return marked_level(inner, "") or (_PLAIN if plain else 0)


def _is_section(line: _Line, title: str) -> bool:
    """Return whether a line with a number of several places is a heading."""
    fresh = line.fresh or re.match(r"\d", line.below) is not None
    return bool(fresh and is_title(title) and not wants_more(title) and not begins_small(line.below))


def _is_above_its_first(line: _Line, number: str) -> bool:
    """Return whether the line below has the first number of the next level, as 3.1 is below 3."""
    place = number.strip("(.)")
    return line.below.startswith((f"{place}.1 ", f"{place}.1. "))


def _kind(line: _Line) -> str:
    """Return what kind of title a line may be; empty if it is none."""
    text = line.text
    mark = _MARKS.get(text[-1], text[-1])
    if not line.fresh or not line.below or not _is_sentence(line.below):
        return ""
    if mark in ":?":
        return mark if is_title(text[:-1].rstrip()) else ""
    title = line.near and len(text) < SHORT and is_title(text) and not wants_more(text)
    return "title" if title and (re.match(EAST, text) or not re.match(ITEM, text)) else ""


def _is_sentence(line: str) -> bool:
    """Return whether a line is one, or the beginning of one that is longer."""
    if re.match(_OTHER, line[: 2 * LONGEST]) or begins_small(line):
        return False
    return len(line) >= SHORT or re.search(_FINAL, line[-8:]) is not None
