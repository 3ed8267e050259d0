"""Cells of tables whose columns stand below one another, parted by blanks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from semtoken_rag.structure.grid import WIDEST, Row, is_rule
from semtoken_rag.structure.slices import Range

_RUN = r"\S+(?: \S+)*"


def aligned(text: str, ranges: Sequence[Range]) -> list[Row] | None:
    """Rows of columns that two or more blanks part, and that stand below one another."""
    rows = [Row(a, b, []) for a, b in ranges]
    runs: list[list[Range]] = []
    for row in rows:
        line = text[row.start : row.end]
        if len(line) > WIDEST or "\t" in line:
            return None
        runs.append([] if is_rule(line) else [m.span() for m in re.finditer(_RUN, line)])
    if ruled := _ruled(text, rows, runs):
        return ruled
    many = [spans for spans in runs if len(spans) > 1]
    if 5 * len(many) < 3 * sum(map(bool, runs)) or not many:
        return None
    columns = _columns(many)
    place = {at: number for number, column in enumerate(columns) for at in range(*column)}
    shared = sum(len({place[a] for a, _ in spans}) < len(spans) for spans in many)
    counts = Counter(map(len, many))
    width, common = counts.most_common(1)[0]
    if len(columns) < 2 or 5 * shared > len(many):
        if common < len(many) or width < 3:
            return None
        columns = []
    for row, spans in zip(rows, runs, strict=True):
        line = text[row.start : row.end]
        row.cells = [line[a:b] for a, b in spans] + [""] * (width - len(spans) if spans else 0)
        if columns and spans:
            row.cells = [""] * len(columns)
            for a, b in spans:
                row.cells[place.get(a, 0)] += line[a:b]
    return rows


def _ruled(text: str, rows: Sequence[Row], runs: Sequence[Sequence[Range]]) -> list[Row] | None:
    """Rows of columns as wide as the strokes of the ruled line, None where they do not fit in."""
    rules = [text[row.start : row.end] for row, spans in zip(rows, runs, strict=True) if not spans]
    marks = [match.start() for match in re.finditer(r"[-=─━═_]+", rules[0])] if rules else []
    if len(marks) < 2 or len(rules) > 3:
        return None
    edges = [0, *marks[1:], WIDEST]
    made = []
    for row, spans in zip(rows, runs, strict=True):
        line = text[row.start : row.end]
        if spans and any(not line[at - 1 : at].isspace() for at in marks[1:] if at <= len(line)):
            return None
        cells = [line[a:b].strip() for a, b in pairwise(edges)] if spans else []
        made.append(Row(row.start, row.end, cells))
    return made


def _columns(runs: Sequence[Sequence[Range]]) -> list[Range]:
    """Ranges of columns in which some line has a sign."""
    cover = bytearray(max(b for spans in runs for _, b in spans))
    for spans in runs:
        for a, b in spans:
            cover[a:b] = b"x" * (b - a)
    return [match.span() for match in re.finditer(rb"x+", bytes(cover))]
