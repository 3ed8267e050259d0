"""Tables of a page before they are converted: those that only place text are none, and spans are filled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from semtoken_rag.structure.html_tokens import Token, tokens

LABEL = 400  # characters of a cell, from which it is not repeated
_TITLES = frozenset({"th", "caption", "thead"})
_CELLS = frozenset({"td", "th"})
_PARTS = _TITLES | _CELLS | {"table", "tbody", "tfoot", "tr", "colgroup", "col"}
_ENDS = frozenset({"table", "thead", "tbody", "tfoot", "tr"})
_WHOLE = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "pre"})  # what a cell of data does not hold
_TEXT = frozenset({"p", "ul", "ol"})
_ROLE = re.compile(r"(?i)\brole\s*=\s*[\"']?(?:presentation|none)\b")
_ROWS = re.compile(r"(?i)\srowspan\s*=\s*[\"']?\s*(\d{1,5})[\"']?")
_COLUMNS = re.compile(r"(?i)\scolspan\s*=\s*[\"']?\s*(\d{1,5})[\"']?")
_MOST = 1000  # rows of a span
_WIDEST = 64  # columns of one
BREAK = "<p></p>"


class Edit(NamedTuple):
    """What to put in the place of ``page[start:end]``."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class _Table:
    """A table: its own tags; whether tables, headings or code (``whole``), or paragraphs are in it."""

    tags: list[Token]
    whole: bool = False
    text: bool = False


def tidy_tables(page: str) -> str:
    """Return a page with tables of data alone, in which each row has what spans it.

    Parameters
    ----------
    page
        HTML, broken or not. A table that nothing closes stays as it is.

    Returns
    -------
    str
        The page: tables that only place text on the screen are paragraphs instead, and a cell that spans
        several rows stands in each of them.

    Examples
    --------
    >>> tidy_tables("<table><tr><td rowspan=2>a<td>1<tr><td>2</table>")
    '<table><tr><td>a<td>1<tr><td>a</td><td>2</table>'
    """
    edits, at, parts = sorted(_edits(page), key=lambda edit: edit[:2]), 0, list[str]()
    for start, end, text in edits:
        parts += page[at:start], text
        at = end
    return "".join([*parts, page[at:]])


def _edits(page: str) -> Iterator[Edit]:
    room = len(page)  # characters that may be repeated in all
    for table in _tables(page):
        if _is_layout(page, table):
            yield from (Edit(tag.start, tag.end, BREAK) for tag in table.tags)
            continue
        for edit in _filled(page, table.tags):
            room -= len(edit.text)
            if room < 0:
                break
            yield edit


def _tables(page: str) -> Iterator[_Table]:
    """Yield the tables that are closed, the inner ones first."""
    open_: list[_Table] = []
    first = re.search(r"(?i)<table\b", page)
    for token in tokens(page, first.start(), len(page)) if first else ():
        if token.name == "table" and not token.closing:
            if open_:
                open_[-1].whole = True
            open_.append(_Table([token]))
        elif open_ and token.name in _PARTS:
            open_[-1].tags.append(token)
            if token.name == "table":
                yield open_.pop()
        elif open_:
            open_[-1].whole |= token.name in _WHOLE
            open_[-1].text |= token.name in _TEXT


def _is_layout(page: str, table: _Table) -> bool:
    first = table.tags[0]
    if _ROLE.search(page[first.start : first.end][:LABEL]):
        return True
    opened = [tag.name for tag in table.tags if not tag.closing]
    if not _TITLES.isdisjoint(opened):
        return False
    rows = [row.count("td") for row in " ".join(opened).split("tr")]
    return table.whole or max(rows) <= 1 or (table.text and sum(map(bool, rows)) == 1)


def _filled(page: str, tags: Sequence[Token]) -> Iterator[Edit]:
    """Yield a copy of each cell that spans rows for each row below, and its tag without the span."""
    spans: dict[int, tuple[int, str]] = {}  # rows that are left, and the cell, by column
    column = 0
    for number, tag in enumerate(tags):
        if tag.name in _ENDS:
            if column or _is_empty_row(tags[number - 1], tag):
                yield from (Edit(tag.start, tag.start, cell) for cell in _taken(spans, column))
            column = 0
            if tag.name != "tr":
                spans.clear()
        elif tag.name in _CELLS and not tag.closing:
            for cell in _taken(spans, column):
                yield Edit(tag.start, tag.start, cell)
                column += 1
            said = page[tag.start : tag.end]
            inside = page[tag.end : tags[number + 1].start]
            rows, width = _span(_ROWS, said), min(_span(_COLUMNS, said), _WIDEST)
            if rows > 1:
                yield Edit(tag.start, tag.end, _ROWS.sub("", said))
                cell = f"<{tag.name}>{inside if len(inside) <= LABEL else ''}</{tag.name}>"
                spans |= {column + i: (rows - 1, cell if i == 0 else "<td></td>") for i in range(width)}
            column += width


def _is_empty_row(before: Token, tag: Token) -> bool:
    """Return whether a row ends as soon as it begins: all its cells reach into it from above."""
    return before.name == tag.name == "tr" and tag.closing and not before.closing


def _taken(spans: dict[int, tuple[int, str]], column: int) -> Iterator[str]:
    """Take the cells that reach into this row from a column on, one behind the other."""
    while found := spans.pop(column, None):
        left, cell = found
        if left > 1:
            spans[column] = left - 1, cell
        yield cell
        column += 1


def _span(pattern: re.Pattern[str], tag: str) -> int:
    """Return over how many rows or columns a cell reaches; 0 stands for all."""
    found = pattern.search(tag)
    return 1 if found is None else min(int(found[1]) or _MOST, _MOST)
