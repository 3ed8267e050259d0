"""Numbers and tables in Markdown, and the part of a page that is generated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def number(value: float | None, places: int = 2) -> str:
    """Write a share: ``.84``, ``1.00``, or ``-`` for None."""
    if value is None:
        return "-"
    said = f"{value:.{places}f}"
    return said.replace("0.", ".", 1) if abs(value) < 1 else said


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], align: str = "---:") -> str:
    """Return a Markdown table; the cells of the first column are names, ``align`` is how the others stand.

    >>> print(table(["method", "ms"], [["lead", 3]]))
    | method | ms |
    | --- | ---: |
    | lead | 3 |
    """
    lines = [head, ["---"] + [align] * (len(head) - 1), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def between(text: str, made: str, name: str = "results") -> str:
    """Return ``text`` with ``made`` between the markers of a name; unchanged where it has none.

    >>> between("a <!-- results --> b <!-- /results --> c", "new").split()
    ['a', '<!--', 'results', '-->', 'new', '<!--', '/results', '-->', 'c']
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, opened, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    return f"{before}{begin}\n\n{made}\n\n{end}{after}" if opened and closed else text
