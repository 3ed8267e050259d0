"""Rows of a page's tables: the header, section or row above that each hangs on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.headers import headed, is_value, section
from semtoken_rag.structure.html_tables import Row

_BOLD = r"\s*<(?:b|strong)[\s>]"
HEADERS = 4  # rows of a header that its cells' spans make, at most


def row_segments(text: str, rows: Sequence[Row], above: int, made: int) -> list[Segment]:
    """Make segments of the rows of a table.

    Parameters
    ----------
    text
        The page.
    rows
        Rows of the table.
    above
        Number of the segment that the header hangs on, -1 for none.
    made
        Number of the first new segment.

    Returns
    -------
    list of Segment
        Headers and rows, in source order.
    """
    drafts: list[Segment] = []
    cells = [[plain(text, *cell) for cell in row.cells] for row in rows]
    heads = _headers(rows, cells)
    head = base = above
    label, left = -1, 0  # the row that a cell reaches down from, and over how many rows more
    for number, row in enumerate(rows):
        if not any(cells[number]):
            continue
        here = made + len(drafts)
        bold = re.match(_BOLD, text[slice(*row.cells[0])]) is not None
        group = _is_group(row, cells[number], number > 0, bold)
        if group and drafts:
            drafts.append(Segment(row.start, row.end, "header", head))
            base, label, left = here, -1, 0
        elif heads[number]:
            label, left = -1, 0
            joined = drafts and drafts[-1].kind == "header" and base == head == here - 1
            if joined and not text[drafts[-1].end : row.start].strip():
                drafts[-1] = Segment(drafts[-1].start, row.end, "header", drafts[-1].parent)
                continue
            drafts.append(Segment(row.start, row.end, "header", head if joined else above))
            head = base = here
        else:
            inner = left > 0 or (not cells[number][0] and label >= 0)
            drafts.append(Segment(row.start, row.end, "row", label if inner else base))
            left -= 1
            if not inner or row.spans - 1 > left:
                label, left = here, row.spans - 1
    return drafts


def _headers(rows: Sequence[Row], cells: Sequence[Sequence[str]]) -> list[bool]:
    """Return which rows are of a header: by their tags, or by what the first ones say."""
    only = all(row.titles == len(row.cells) for row in rows)
    heads = [
        row.head or (row.titles == len(row.cells) and (number == 0 or not only))
        for number, row in enumerate(rows)
    ]
    top = 0
    if not any(heads) and not any(row.titles for row in rows):
        while top + 2 < len(rows) and len(rows[top].cells) == 1 and rows[top].wide:
            top += 1
        named = headed(cells[top:], sure=len(rows[top].cells) == 2)
        heads = [number < top or (number == top and named) for number in range(len(rows))]
    for number in range(1, min(len(rows) - 1, HEADERS)):
        if heads[number - 1] and not heads[number]:
            heads[number] = _goes_on(rows[:number], rows[number], cells[number:])
    return heads


def _goes_on(above: Sequence[Row], row: Row, cells: Sequence[Sequence[str]]) -> bool:
    """Return whether a row, the first of those with ``cells``, names the parts of the header's wide cells."""
    if len(row.cells) < 2 or any(map(is_value, cells[0])) or not all(cells[0][1:]):
        return False
    if any(len(above) - number < head.spans for number, head in enumerate(above)):
        return True
    last = above[-1]
    spread = last.wide and 1 < len(last.cells) < len(row.cells)
    return spread and headed(cells, sure=True)


def _is_group(row: Row, cells: Sequence[str], below: bool, bold: bool) -> bool:
    """Return whether a row begins a section: one cell, over the whole width or beside empty ones."""
    marked = [f"**{cells[0]}**", *cells[1:]]
    if len(cells) == 1:
        return row.wide and below and bool(section([*marked, ""]))
    return below and bool(section(marked if bold and cells[0] else cells))


def plain(text: str, start: int, end: int) -> str:
    """Return a text without tags, at most 300 characters of it.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.

    Returns
    -------
    str
        The text, without blanks around it.
    """
    return re.sub(r"<[^<>]*>", " ", text[start : min(end, start + 1000)]).replace("&nbsp;", " ").strip()[:300]
