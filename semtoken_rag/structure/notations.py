"""Which lines are a table: their notation, and the signs that they are prose, code or a log after all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

from semtoken_rag.structure.borders import bordered
from semtoken_rag.structure.columns import aligned
from semtoken_rag.structure.grid import Row, pipes, rows_of, separated, tabs
from semtoken_rag.structure.headers import headed, is_value

Table: TypeAlias = tuple[list[Row], bool]  # the rows, and whether only a sure header is one

_CODE = (
    r"\\\Z|\$ |#!|::=|[=-]>|&&|[^;]*;\Z|.*\{\Z|.*\);\Z|[a-z_.]+ --?\w|[\w.\[\]]+ [:+-]?= |[\w.]+=\S"
    r"|(?:def|return|import|print|cat|ls|echo|grep|curl|sudo) "
)
_STAMP = (
    r"\W{0,2}(?:\d{4}-\d\d-\d\d[T ,]+\d\d:\d\d|\d\d?:\d\d\b|[A-Z][a-z]{2} +\d\d? \d\d:"
    r"|\d\d?[./]\d\d?[./]\d{2,4},? \d\d?:\d\d|\d\d/[A-Z][a-z]{2}/\d{4}:)"
)
_THOUSANDS = r"\s*-?\d{1,3}(?:,\d{3})+\s*\Z"
_APART = r"(?:\D|\A),|,(?:\D|\Z)"
_DECIMALS = r"\D*\d+,\d+[^,]*\Z"
_FINAL = (".", "!", "?", "。", "！", "？", "…")


def _piped(text: str, start: int, end: int) -> Table | None:
    rows = pipes(text, rows_of(text, start, end))
    if not rows:
        return None
    body = [row for row in rows if not row.rule]
    framed = all(text[r.start : r.end].strip()[0] == text[r.end - 1] == "|" for r in body)
    if len(body) < len(rows) or framed:
        whole = len(body) > 1 or len(body) < len(rows) or len(body[0].cells) > 1
        return (rows, _width(body)[0] == 2) if whole else None
    width, share = _width(body)
    if len(body) < 2 or width < 2 or share < 0.7 or _foreign(text, body):
        return None
    return (
        (rows, width == 2)
        if _has_values(body) or (width > 2 and len(body) > 2 and _words(body) < 5)
        else None
    )


def _tabbed(text: str, start: int, end: int) -> Table | None:
    rows = tabs(text, rows_of(text, start, end))
    body = [row for row in rows or () if not row.rule]
    width, share = _width(body)
    if not rows or len(body) < 2 or width < 2 or share < 0.8 or _foreign(text, body):
        return None
    if width == 2 and not (_has_values(body) or headed([row.cells for row in body])):
        return None
    return (rows, width == 2) if _words(body) < 12 else None


def _with(mark: str) -> Callable[[str, int, int], Table | None]:
    """Return the reader of values that ``mark`` separates."""

    def read(text: str, start: int, end: int) -> Table | None:
        if text.find(mark, start, end) < 0:
            return None
        rows = separated(text, start, end, mark)
        width, share = _width(rows or ())
        if not rows or len(rows) < 2 or width < 2 or share < 0.9 or _foreign(text, rows):
            return None
        cells = [row.cells for row in rows]
        if width == 2 and not headed(cells):
            return None
        if mark == "," and _numbers(text, rows, width):
            return None
        return (rows, False) if _listed(text, rows, mark, width) else None

    return read


def _listed(text: str, rows: Sequence[Row], mark: str, width: int) -> bool:
    """Return whether separated lines are values and not clauses."""
    spaced = sum(text.count(mark + " ", row.start, row.end) for row in rows)
    tight = sum(len(row.cells) - 1 for row in rows) - spaced
    ends = sum(text[row.start : row.end].rstrip().endswith(_FINAL) for row in rows)
    if spaced <= tight and width > 2:
        return 2 * ends <= len(rows)
    if 5 * ends > len(rows) or _words(rows) > 4:
        return False
    return _has_values(rows) and (width > 2 or not spaced) if spaced > tight else _words(rows) < 4


def _numbers(text: str, rows: Sequence[Row], width: int) -> bool:
    """Return whether the commas are within numbers: "1,250,000", or "3,5" once a line."""
    found = [text[row.start : row.end] for row in rows]
    grouped = sum(re.match(_THOUSANDS, line) is not None for line in found)
    decimal = sum(width == 2 and re.match(_DECIMALS, line) is not None for line in found)
    inside = sum(re.search(_APART, line) is None for line in found)
    pure = all(is_value(cell) for row in rows for cell in row.cells)
    named = re.search(_APART, found[0]) is not None  # a header, whose commas are between words
    return 2 * max(grouped, decimal, 0 if pure and width > 2 else inside) >= len(rows) and not named


def _blanks(text: str, start: int, end: int) -> Table | None:
    ranges = rows_of(text, start, end)
    rows = aligned(text, ranges) if len(ranges) > 2 else None
    body = [row for row in rows or () if not row.rule]
    if not rows or len(body) < 2 or _foreign(text, body):
        return None
    width, values, ruled = len(body[0].cells), _has_values(body), len(body) < len(rows)
    if len(body) < 3 and not ruled:
        return None
    words = _words(body)
    if words > (6 if values or ruled else 3.5 if width > 2 else 2):
        return None
    ends = sum(text[row.start : row.end].rstrip().endswith(_FINAL) for row in body)
    return (rows, width == 2) if 3 * ends <= len(body) else None


def _bordered(text: str, start: int, end: int) -> Table | None:
    rows = bordered(text, start, end)
    return (rows, False) if rows else None


READERS = (_bordered, _piped, _tabbed, _with(";"), _with(","), _blanks)


def _width(rows: Sequence[Row]) -> tuple[int, float]:
    """Most common number of cells, and the share of the rows that have it."""
    if not rows:
        return 0, 0.0
    width, count = Counter(len(row.cells) for row in rows).most_common(1)[0]
    return width, count / len(rows)


def _words(rows: Sequence[Row]) -> float:
    """Words of a cell that is not empty, on average."""
    counts = [len(cell.split()) for row in rows for cell in row.cells if cell]
    return sum(counts) / max(1, len(counts))


def _has_values(rows: Sequence[Row]) -> bool:
    """Return whether some column but the first holds values in half of its rows."""
    width = max(len(row.cells) for row in rows)
    filled, values = [0] * width, [0] * width
    for row in rows:
        for at, cell in enumerate(row.cells[1:], 1):
            filled[at] += cell != ""
            values[at] += is_value(cell)
    return any(2 * v >= f > 0 for v, f in zip(values, filled, strict=True))


def _foreign(text: str, rows: Sequence[Row]) -> bool:
    """Return whether lines are code or a log."""
    code = stamps = 0
    for row in rows:
        line = text[row.start : row.end].strip()[:1000]
        code += re.match(_CODE, line) is not None or any(
            cell.count("(") != cell.count(")") or cell.count("[") != cell.count("]") or "{" in cell
            for cell in row.cells
        )
        stamps += re.match(_STAMP, line) is not None and " " in row.cells[-1].strip()
    log = 2 * stamps > len(rows) and not headed([row.cells for row in rows])
    return log or 5 * code >= 2 * len(rows)
