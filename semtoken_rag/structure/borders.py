"""Simple tables of reStructuredText: columns below the equals signs of a border, over several lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from semtoken_rag.structure.grid import WIDEST, Row
from semtoken_rag.structure.slices import Range, lines

LINES = 500  # lines of a table
_BORDER = r"[ \t]*={2,}(?: +={2,})+[ \t]*\Z"
_UNDER = r"[ \t]*-{2,}(?: +-{2,})*[ \t]*\Z"


def find_bordered(text: str, start: int, end: int) -> Iterator[Range]:
    r"""Yield the ranges of tables between borders such as ``=====  ===``; the last has a blank line below it.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.

    Yields
    ------
    (int, int)
        Character range of a table with its borders, in source order.

    Examples
    --------
    >>> text = "Fees:\n\n====  ===\nBoat  Fee\n====  ===\nYawl  4\n\nBrig  9\n====  ===\n"
    >>> [text[a:b].count("\n") for a, b in find_bordered(text, 0, len(text))]
    [6]
    """
    if text.find("== ", start, end) < 0:
        return
    ranges = list(lines(text, start, end))
    borders = [number for number, (a, b) in enumerate(ranges) if _is_border(text, a, b)]
    at = 0
    while at < len(borders) - 1:
        first, stop = borders[at], 0
        for count, last in enumerate(borders[at + 1 : at + 3], 1):
            below = ranges[last + 1] if last + 1 < len(ranges) else (0, 0)
            same = _columns(text, ranges[last]) == _columns(text, ranges[first])
            if same and 1 < last - first <= LINES and not text[slice(*below)].strip():
                stop = count
                break
        if stop:
            yield ranges[first][0], ranges[borders[at + stop]][1]
        at += stop + 1


def bordered(text: str, start: int, end: int) -> list[Row] | None:
    """Return the rows of a table between borders, its header as one.

    Parameters
    ----------
    text
        Any text.
    start
        Where the table begins, in characters.
    end
        Where it ends, exclusive.

    Returns
    -------
    list of Row or None
        The rows; lines without a first cell belong to the row above. None if the range is no such table.
    """
    ranges = list(lines(text, start, end))
    if len(ranges) < 3 or not all(_is_border(text, *ranges[at]) for at in (0, -1)):
        return None
    columns = _columns(text, ranges[0])
    edges = [0, *columns[1:], WIDEST]
    rows: list[Row] = []
    head = next((n for n in range(1, len(ranges) - 1) if _is_border(text, *ranges[n])), 0)
    for number, (a, b) in enumerate(ranges[1:-1], 1):
        line = text[a:b]
        if not line.strip():
            continue
        cells = [line[left:right].strip() for left, right in pairwise(edges)]
        if number == head or (number > head and re.match(_UNDER, line)):
            rows.append(Row(a, b, []))
        elif rows and (1 < number < head or (not cells[0] and rows[-1].cells)):
            rows[-1].end = b
            rows[-1].cells = _joined(rows[-1].cells, cells)
        else:
            rows.append(Row(a, b, cells))
    return rows if sum(bool(row.cells) for row in rows) > (1 if head else 0) else None


def _joined(above: Sequence[str], below: Sequence[str]) -> list[str]:
    return [f"{a} {b}".strip() for a, b in zip(above, below, strict=True)]


def _is_border(text: str, start: int, end: int) -> bool:
    return end - start <= WIDEST and re.match(_BORDER, text[start:end]) is not None


def _columns(text: str, line: Range) -> list[int]:
    """Where the columns of a border begin."""
    return [match.start() for match in re.finditer("=+", text[slice(*line)])]
