"""Tables written as text: each row hangs on the header, or on the section of the table that it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.borders import find_bordered
from semtoken_rag.structure.grid import Row, is_rule
from semtoken_rag.structure.headers import headed, header_end, section
from semtoken_rag.structure.neighbours import part_tables
from semtoken_rag.structure.notations import READERS
from semtoken_rag.structure.slices import Range, finish

_SENTENCE = (".", "!", "?", ":", "。", "！", "？", "…")


def parse_table(text: str, start: int, end: int) -> list[Segment] | None:
    r"""Cut lines that are a table into its header and its rows.

    Cells stand between bars (markdown, grids, box drawing), tabs, commas or semicolons, or in columns that
    blanks align.

    Parameters
    ----------
    text
        Any text.
    start
        Where the lines begin, in characters.
    end
        Where they end, exclusive.

    Returns
    -------
    list of Segment or None
        A ``header`` with the line that rules it off, and each ``row`` with the header as its parent; rows of
        a section hang on its line, of kind ``header`` too, and a row whose first cell is left blank on the
        row that fills it. Without a header the rows have no parent. Ruled lines elsewhere are in no segment.
        None if the lines are no table.

    Examples
    --------
    >>> table = "| Item | Price |\n| --- | --- |\n| Bolt | 0.12 |\n| Nut | 0.07 |"
    >>> [(s.kind, s.parent, table[s.start : s.end][-6:]) for s in parse_table(table, 0, len(table))]
    [('header', -1, ' --- |'), ('row', 0, '0.12 |'), ('row', 0, '0.07 |')]
    >>> parse_table("It rained, alas, all day.\nIt snowed, too, at night.", 0, 51) is None
    True
    """
    for read in READERS:
        if (table := read(text, start, end)) and (segments := finish(text, _segments(*table))):
            return segments
    return None


def find_tables(text: str, start: int, end: int) -> Iterator[Range]:
    r"""Yield the ranges of lines in ``text[start:end]`` that are tables; a blank line ends a table.

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
        Character range of a table, in source order.

    Examples
    --------
    >>> text = "Prices, net:\nItem,Price,Unit\nBolt,0.12,EUR\nNut,0.07,EUR\nThat is all."
    >>> [text[a:b] for a, b in find_tables(text, 0, len(text))]
    ['Item,Price,Unit\nBolt,0.12,EUR\nNut,0.07,EUR']
    """
    at = start
    for a, b in [*find_bordered(text, start, end), (end, end)]:
        yield from _by_signs(text, at, a)
        if a < b:
            yield a, b
        at = b


def _by_signs(text: str, start: int, end: int) -> Iterator[Range]:
    """Yield the tables of a range by what parts the cells of their lines."""
    found: list[Range] = []
    run: list[Range] = []
    mark = ""
    every = [*_all_lines(text, start, end), (end, end)]
    for (a, b), (c, d) in zip(every, [*every[1:], (end, end)], strict=True):
        sign = _sign(text[a:b]) if a < b else ""
        if run and mark == " " and a < b and not sign and c < d and _sign(text[c:d]) == " ":
            sign = mark  # a line of one cell between aligned ones names a section
        if run and sign != mark and not (sign and (is_rule(text[a:b]) or mark == "-")):
            found += _tables_of(text, run, mark)
            run = []
        if sign:
            mark = mark if run and is_rule(text[a:b]) else sign
            run.append((a, b))
    yield from found


def is_row(line: str) -> bool:
    r"""Return whether a line may be of a table, in any notation.

    Parameters
    ----------
    line
        The line, without its break.

    Returns
    -------
    bool
        Whether the line has a sign of a table.

    Examples
    --------
    >>> [is_row(line) for line in ("| a | b |", "a\tb", "a,b,c", "Bolt    0.12", "A word, or two.")]
    [True, True, True, True, False]
    """
    return bool(_sign(line))


def _all_lines(text: str, start: int, end: int) -> Iterator[Range]:
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        yield (at, stop) if text[at:stop].strip() else (at, at)
        at = stop + 1


def _sign(line: str) -> str:
    """Return what parts the cells of a line: a bar, tab, semicolon, comma, blank; "-" for a ruled line."""
    inner = line.strip()
    if is_rule(line):
        return "|" if "|" in line else "-"
    if re.search(r"(?<!\\)[|│┃║]", inner):
        return "|"
    if "\t" in inner:
        return "\t"
    for mark in ";,":
        if mark in inner and not inner.endswith(_SENTENCE) and len(re.findall(mark + r"\S", inner)):
            return mark
    return " " if "   " in inner or re.search(r"\S  \S", inner) else ""


def _tables_of(text: str, run: Sequence[Range], mark: str) -> list[Range]:
    """Tables in adjacent lines of one notation: all of them, or those runs that have as many cells."""
    parts = [(part[0][0], part[-1][1]) for part in part_tables(text, run, mark)]
    if len(parts) > 1 and all(parse_table(text, *part) is not None for part in parts):
        return parts
    whole = (run[0][0], run[-1][1])
    if parse_table(text, *whole) is not None:
        return [whole]
    groups: list[list[Range]] = []
    last = -1
    for a, b in run:
        count = text.count(mark, a, b) if mark in "|\t;," else min(1, len(text[a:b].strip()))
        if not groups or (count != last and not is_rule(text[a:b])):
            groups.append([])
            last = count
        groups[-1].append((a, b))
    ranges = [(group[0][0], group[-1][1]) for group in groups]
    return [part for part in ranges if part != whole and parse_table(text, *part) is not None]


def _segments(rows: Sequence[Row], sure: bool) -> Iterator[Segment]:
    """Segments of a table's rows, with their parents."""
    first = next(number for number, row in enumerate(rows) if not row.rule)
    rows = rows[first:]
    head = header_end(rows, sure=sure)
    if head:
        yield Segment(rows[0].start, rows[head - 1].end, "header")
    base = 0 if head else -1  # the header of the rows to come
    sections: list[tuple[str, int]] = []
    label, begun = (
        -1,
        False,
    )  # the row that names the group of those below it; whether a section has just begun
    body = [row for row in rows[head:] if any(row.cells)]
    for number, row in enumerate(body):
        made = number + (head > 0)
        style = section(row.cells)
        if not row.cells[0] and headed([r.cells for r in body[number : number + 4]], sure=True):
            sections, label, begun = [], -1, True
            yield Segment(row.start, row.end, "header", base)
            base = made
        elif style:
            if not begun:
                styles = [other for other, _ in sections]
                del sections[styles.index(style) if style in styles else 0 :]
            yield Segment(row.start, row.end, "header", sections[-1][1] if sections else base)
            sections.append((style, made))
            label, begun = -1, True
        else:
            above = sections[-1][1] if sections else base
            yield Segment(row.start, row.end, "row", above if row.cells[0] or label < 0 else label)
            label, begun = made if row.cells[0] else label, False
