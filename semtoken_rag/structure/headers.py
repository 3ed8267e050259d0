"""Which rows of a table are its header, and which begin a section of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from semtoken_rag.structure.grid import Row

DEEPEST = 6  # rows of a header at most

_VALUE = (
    r"[(\[+−–—-]*\s?(?:[$€£¥₹]|[A-Z]{2,3}\$?\s)?\s?[-+−]?\d[\d.,:/'’\s\u00a0\u202f-]*(?:[^\s\d]{1,6})?[)\]*†‡]*\Z"
    r"|(?i:true|false|yes|no|ja|nein|oui|non|null|nan)\Z|\S+@\S+\.\S+\Z|\w+://\S+\Z|\d{4}-\d\d-\d\d\S*"
)
_YEAR = r"(?:19|20)\d\d(?:\s?[^\d\s.,:/-]{1,4})?\Z"
_NONE = frozenset({"", "-", "–", "—", "n/a", "N/A", "k. A.", "s. o."})
_END = (".", "!", "?", "。", "！", "？", ";", ",")
_MARKUP = "*_ "


def is_value(cell: str) -> bool:
    """Return whether a cell holds a number, a date, an address or a yes or no, as headers seldom do.

    Parameters
    ----------
    cell
        Text of the cell.

    Returns
    -------
    bool
        Whether the cell holds such a value, of at most 60 characters.

    Examples
    --------
    >>> [is_value(cell) for cell in ("3.5 kg", "$ 1,200", "(4.2)", "2024-05-01", "2019", "Q1 2019", "A-12")]
    [True, True, True, True, True, False, False]
    """
    return re.match(_VALUE, cell[:60]) is not None and len(cell) <= 60


def headed(rows: Sequence[Sequence[str]], *, sure: bool = False) -> bool:
    """Return whether the first of some rows is the header of the others.

    Parameters
    ----------
    rows
        Cells of each row.
    sure
        If true, take it for one only if a column of values begins with a word or a year; if false, also if
        it looks like one and nothing speaks against it.

    Returns
    -------
    bool
        Whether the first row is a header.

    Examples
    --------
    >>> headed([["Item", "Price"], ["Bolt", "0.12"]]), headed([["Bolt", "0.12"], ["Nut", "0.07"]])
    (True, False)
    """
    first, body = rows[0], rows[1 : 1 + 50]
    filled = [cell for cell in first if cell not in _NONE]
    if not body or not filled:
        return False
    columns = [
        [row[at] for row in body if at < len(row) and row[at] not in _NONE] for at in range(len(first))
    ]
    pairs = list(zip(first, columns, strict=True))
    if any(_is_datum(cell, column) for cell, column in pairs):
        return False
    if any(column and cell not in _NONE and _most(is_value, column) for cell, column in pairs):
        return not all(map(_is_year, filled)) or not first[0] or len(first) > 2
    if sure or len(filled) < 2 or any(len(c) > 40 or c.endswith(_END) or c[0].isdigit() for c in filled):
        return False
    return not any(cell in column for cell, column in pairs if cell)


def _is_datum(cell: str, column: Sequence[str]) -> bool:
    """Return whether a cell is one of the values of its column, and not their name: "3.5 kg" above "2 kg"."""
    if cell in _NONE or not is_value(cell):
        return False
    if _is_year(cell):
        return bool(column) and _most(_is_year, column)
    return not _has_letter(cell) or not column or not _most(lambda other: not _has_letter(other), column)


def _most(test: Callable[[str], bool], cells: Sequence[str]) -> bool:
    return 5 * sum(map(test, cells)) >= 3 * len(cells)


def _has_letter(cell: str) -> bool:
    return any(map(str.isalpha, cell))


def header_end(rows: Sequence[Row], *, sure: bool = False) -> int:
    """Return how many rows, ruled lines included, are the header; the first row is not a ruled line.

    Parameters
    ----------
    rows
        Rows of the table.
    sure
        As for `headed`.

    Returns
    -------
    int
        Number of rows, 0 without a header.
    """
    ruled = next((number for number, row in enumerate(rows[: DEEPEST + 1]) if row.rule), 0)
    if ruled and (ruled == 1 or not any(_is_data(row.cells) for row in rows[:ruled])):
        end = _with_units(rows, ruled + 1)
        return end + _names_parts(rows[0].cells, [row.cells for row in rows[end : end + 50] if not row.rule])
    body = [row.cells for row in rows if not row.rule]
    above = next((n for n, cells in enumerate(body[:DEEPEST]) if cells[0] and _filled(cells) > 1), 0)
    if any(map(_is_data, body[:above])) or above >= len(body) - 1:
        above = 0
    whole = any(_filled(cells) > 1 for cells in body[:above])
    if headed(body[above:], sure=sure or whole):
        above += 1
    elif not whole:
        return 0
    else:  # a line such as "Assets:" right above the first row begins a section
        while above > 1 and _filled(body[above - 1]) == 1:
            above -= 1
    return _with_units(rows, above)


def section(cells: Sequence[str]) -> str:
    """Return the style of a row that begins a section of a table, "" if it does not.

    Parameters
    ----------
    cells
        Cells of the row.

    Returns
    -------
    str
        ``"colon"``, ``"bold"``, ``"capitals"``, ``"plain"`` or ``""``.

    Examples
    --------
    >>> section(["**Europe**", "", ""]), section(["Assets:", ""]), section(["Bolt", ""])
    ('bold', 'colon', '')
    >>> section(["Steel", "Steel", "Steel"])
    'plain'
    """
    texts = [cell for cell in cells if cell.strip(_MARKUP)]
    if len(texts) > 1 and len(set(cells)) == 1 and (len(cells) > 2 or texts[0][0] in _MARKUP):
        texts = texts[:1]  # a cell over the whole width, written once a column
    if len(texts) != 1 or len(cells) < 2:
        return ""
    name = texts[0]
    inner = name.strip(_MARKUP)
    if is_value(inner) or len(inner) > 100 or inner.endswith(_END):
        return ""
    if inner.endswith((":", "：")):
        return "colon"
    if name != inner and name[0] in _MARKUP:
        return "bold"
    if len(cells) < 3 or cells[0] != name:
        return ""
    return "capitals" if inner.isupper() else "plain"


def _names_parts(head: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row below a header names the parts of columns that it has one name for."""
    filled = [cell for cell in head if cell]
    if len(set(filled)) == len(filled) or len(body) < 2 or len(body[0]) != len(head):
        return False
    return all(body[0][1:]) and not any(map(is_value, body[0])) and headed(body, sure=True)


def _with_units(rows: Sequence[Row], number: int) -> int:
    """Count a row that holds nothing but a remark in brackets, such as the unit, to the header above it."""
    if number < len(rows) and _filled(rows[number].cells) == 1:
        remark = "".join(rows[number].cells)
        if remark.startswith("(") and not is_value(remark):
            return number + 1
    return number


def _is_data(cells: Sequence[str]) -> bool:
    """Return whether more than half of the cells that are filled are values."""
    values = sum(is_value(cell) and not _is_year(cell) for cell in cells)
    return 2 * values > _filled(cells)


def _is_year(cell: str) -> bool:
    return re.match(_YEAR, cell) is not None


def _filled(cells: Sequence[str]) -> int:
    return sum(cell.strip(_MARKUP) != "" for cell in cells)
