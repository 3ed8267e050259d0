"""Cells of tables written as text: bars, tabs, commas or semicolons, and columns aligned by blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from semtoken_rag.structure.slices import Range, lines

WIDEST = 20_000  # characters of a line that is still looked at as a row

_BAR = r"(?<!\\)[|│┃║]"
_FRAME = frozenset("|+-=:_ \t\r─━═┼├┤┬┴┌┐└┘╞╪╡╔╗╚╝╠╣╦╩╬│┃║┏┓┗┛┣┫┳┻╋╇┡┩┠┨╭╮╰╯")
_STROKE = frozenset("-=─━═_")


@dataclass(slots=True)
class Row:
    """A row, or a ruled line, which has no cells. ``grid``: the line that rules it off begins with a plus."""

    start: int
    end: int
    cells: list[str]
    grid: bool = False

    @property
    def rule(self) -> bool:
        """Whether the line only rules off."""
        return not self.cells


def is_rule(line: str) -> bool:
    """Return whether a line only rules off.

    Parameters
    ----------
    line
        The line, without its break.

    Returns
    -------
    bool
        Whether the line has two strokes or more, and else only joints and blanks.

    Examples
    --------
    >>> is_rule("| --- | ---: |"), is_rule("+====+"), is_rule("----  ----"), is_rule("| - | 3 |")
    (True, True, True, False)
    """
    return sum(map(line.count, _STROKE)) >= 2 and set(line) <= _FRAME


def pipes(text: str, ranges: Sequence[Range]) -> list[Row] | None:
    """Rows of a table with bars, with or without one at the ends of the lines."""
    rows = []
    for start, end in ranges:
        line = text[start:end]
        if is_rule(line):
            rows.append(Row(start, end, [], line.lstrip()[0] == "+"))
        elif len(line) > WIDEST or not re.search(_BAR, line):
            return None
        else:
            rows.append(Row(start, end, [cell.strip() for cell in re.split(_BAR, line)]))
    body = [row for row in rows if not row.rule]
    if not body:
        return None
    for side in (0, -1):
        if 2 * sum(len(row.cells) > 2 and not row.cells[side] for row in body) > len(body):
            if _all_filled(body, side):
                continue
            for row in body:
                if len(row.cells) > 1 and not row.cells[side]:
                    row.cells.pop(side)
    return _several_lines(text, rows)


def _all_filled(body: Sequence[Row], side: int) -> bool:
    """Return whether one line has its cell at that side, so that a bar there is no frame."""
    longest = max(len(row.cells) for row in body)
    return any(row.cells[side] and len(row.cells) == longest for row in body)


def _several_lines(text: str, rows: list[Row]) -> list[Row]:
    """Join the lines of each row where every row of a grid is ruled off."""
    while rows and rows[-1].rule:
        rows.pop()
    rules = [number for number, row in enumerate(rows) if row.rule]
    if len(rules) < 3 or not all(rows[number].grid for number in rules):
        return rows
    joined: list[Row] = []
    for row in rows:
        if joined and not row.rule and not joined[-1].rule and len(row.cells) == len(joined[-1].cells):
            above = joined[-1]
            above.end = row.end
            above.cells = [f"{a} {b}".strip() for a, b in zip(above.cells, row.cells, strict=True)]
        else:
            joined.append(row)
    width = max(len(row.cells) for row in joined)
    for row in joined:  # a cell over the whole width
        row.cells += [""] * (width - 1 if len(row.cells) == 1 else 0)
    double = any("=" in text[row.start : row.end] for row in joined if row.rule)
    # Of the ruled lines only that below the header counts; without double strokes the cells tell it.
    heads = (2 if len(joined) > 2 and joined[0].rule else 1) if double else 0
    return [row for number, row in enumerate(joined) if not row.rule or number <= heads]


def tabs(text: str, ranges: Sequence[Range]) -> list[Row] | None:
    """Rows of tab-separated values."""
    rows = []
    for start, end in ranges:
        line = text[start:end]
        if is_rule(line):
            rows.append(Row(start, end, []))
        elif "\t" not in line or len(line) > WIDEST:
            return None
        else:
            rows.append(Row(start, end, [cell.strip() for cell in line.split("\t")]))
    body = [row for row in rows if not row.rule]
    inner = sum("\t" in text[row.start : row.end].strip() for row in body)
    return rows if body and 2 * inner > len(body) else None


def separated(text: str, start: int, end: int, mark: str) -> list[Row] | None:
    """Return records of values separated by ``mark``; a quoted field may hold it, and line breaks.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.
    mark
        Character between two values.

    Returns
    -------
    list of Row or None
        The records that are not empty; None if a quotation mark is not closed, or is closed within a field.
    """
    rows: list[Row] = []
    cells: list[str] = []
    first = field = start
    for at in _ends(text, start, end, mark):
        if at < 0:
            return None
        cells.append(text[field:at].strip().strip('"'))
        field = at + 1
        if at == end or text[at] == "\n":
            rows.append(Row(first, at, cells))
            cells, first = [], field
    return [row for row in rows if any(row.cells) or len(row.cells) > 1]


def _ends(text: str, start: int, end: int, mark: str) -> Iterator[int]:
    """Yield where each field ends; -1 where quotation marks do not enclose a field."""
    quoted, field, done = False, start, -1  # done: the mark that closed the field's quotation
    for match in re.finditer(r'["\n' + mark + r"]", text[start:end]):
        at, sign = start + match.start(), match.group()
        if quoted:
            quoted, done = sign != '"', at if sign == '"' else done
        elif sign == '"':  # two of them are one within the field
            quoted = done == at - 1 >= field or not text[field:at].strip()
            if not quoted:
                yield -1
        else:
            yield -1 if done >= field and text[done + 1 : at].strip() else at
            field = at + 1
    if quoted or (done >= field and text[done + 1 : end].strip()):
        yield -1
    elif field < end or start < field:
        yield end


def rows_of(text: str, start: int, end: int) -> list[Range]:
    """Return the range of each line that is not blank.

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
    list of (int, int)
        Character ranges of the lines, in source order.
    """
    return [(a, b) for a, b in lines(text, start, end) if text[a:b].strip()]
