"""Tables right below one another: where the header of the next begins among the rows of the first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from semtoken_rag.structure.grid import is_rule
from semtoken_rag.structure.headers import is_value
from semtoken_rag.structure.slices import Range

NEAR = 4  # rows beside a header that are looked at
LABEL = 30  # characters of a cell of a header
_PARTS = {" ": r"(?:\s{2,}|\t)", "|": r"(?<!\\)\|", "-": r"\s{2,}"}


def part_tables(text: str, run: Sequence[Range], mark: str) -> list[list[Range]]:
    """Part lines of one notation where a header stands among them again.

    Parameters
    ----------
    text
        Any text.
    run
        Character ranges of adjacent lines.
    mark
        What parts their cells, a blank for columns.

    Returns
    -------
    list of list of (int, int)
        The lines of each table; a line above a header that names its table is in none of them.
    """
    pattern = _PARTS.get(mark, re.escape(mark))
    cells = [
        []
        if is_rule(text[a:b])
        else [c.strip() for c in re.split(pattern, text[a : min(b, a + 2000)].strip("| \t"))]
        for a, b in run
    ]
    parts: list[list[Range]] = []
    begin = 0
    for at in range(2, len(run) - 1):
        if at - begin < 2 or not cells[at]:
            continue
        named = len(cells[at - 1]) == 1 and at - 1 > begin
        ruled = (
            mark == "|"
            and not cells[at + 1]
            and [] in cells[begin : begin + NEAR]
            and "+" not in text[slice(*run[at + 1])]
        )
        if ruled or _begins(cells, begin, at, named):
            parts.append(list(run[begin : at - 1 if named else at]))
            begin = at
    return [*parts, list(run[begin:])]


def _begins(cells: Sequence[Sequence[str]], begin: int, at: int, named: bool) -> bool:
    """Return whether a row below others is a header: words over values, in columns of values."""
    row, below = cells[at], cells[at + 1]
    if len(row) < 2 or len(row) != len(below) or len(set(row)) < len(row) or not all(map(_is_word, row)):
        return False
    first = next((other for other in cells[begin : begin + NEAR] if other), [])
    near = cells[max(begin, at - NEAR) : at]
    last = next((other for other in reversed(near) if len(other) > 1), [])
    values = [n for n in range(1, min(len(row), len(last))) if is_value(below[n]) and is_value(last[n])]
    if not values or not all(map(_is_word, first[1:])):
        return False
    again = any(a == b for a, b in zip(first, row, strict=False))
    small = any(cell[0].islower() for cell in row[1:]) > any(cell[0].islower() for cell in first[1:])
    return named or again or (len(values) > 1 and not small and at - begin > 2)


def _is_word(cell: str) -> bool:
    return 0 < len(cell) <= LABEL and any(map(str.isalpha, cell)) and not is_value(cell)
