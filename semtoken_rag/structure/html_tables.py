"""Tables of a page: where they end, and their rows with the cells and tags of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from semtoken_rag.structure.html_tokens import Token
from semtoken_rag.structure.slices import Range, trim

LAYOUT = 400  # characters of a lone cell that is running text

_PARTS = frozenset({
    "table", "thead", "tbody", "tfoot", "colgroup", "col", "tr", "td", "th", "caption",
})  # fmt: skip
_ROW = frozenset({"tr", "td", "th"})
_GROUPS = frozenset({"thead", "tbody", "tfoot"})
_BREAKS = frozenset({"table", "thead", "tbody", "tfoot", "tr", "caption"})
_SPAN = r"(?i){}\s*=\s*[\"']?(\d{{1,3}})"


@dataclass(slots=True)
class Row:
    """A row of a page's table; ``spans``: over how many rows its cells reach at most."""

    start: int
    end: int
    head: bool
    cells: list[Range] = field(default_factory=list)
    titles: int = 0
    wide: bool = False
    spans: int = 1


def table_end(found: Sequence[Token], pairs: Sequence[int], first: int) -> int:
    """Return the number of the tag behind the table that begins with ``<table>``, or a row without one.

    Parameters
    ----------
    found
        Tags of the page, in source order.
    pairs
        Number of the tag that closes or opens each tag, -1 for none.
    first
        Number of the tag that the table begins with.

    Returns
    -------
    int
        Number of the tag behind the table; how many tags there are if none is behind it.
    """
    if found[first].name == "table" and pairs[first] > first:
        return pairs[first] + 1
    inside = False
    for number in range(first + 1, len(found)):
        token = found[number]
        if token.name == "table":
            return number + token.closing
        if token.name in ("tr", "td", "th", "caption"):
            inside = not token.closing if token.name != "tr" else False
        elif not inside and token.name in _OTHERS:
            return number
    return len(found)


_OTHERS = frozenset({
    "p", "div", "ul", "ol", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "main", "pre",
    "blockquote", "body", "html",
})  # fmt: skip


def read_rows(
    text: str, found: Sequence[Token], first: int, last: int, end: int
) -> tuple[list[Row], list[Range]]:
    """Read the rows of a table, and the insides of its captions.

    Parameters
    ----------
    text
        The page.
    found
        Tags of the page, in source order.
    first
        Number of the table's first tag.
    last
        Number of the tag behind the table.
    end
        Where the table ends, in characters.

    Returns
    -------
    (list of Row, list of (int, int))
        The rows that have cells, and the character ranges of the captions.
    """
    rows: list[Row] = []
    captions: list[Range] = []
    row: Row | None = None
    head = False
    cell = caption = -1  # where the open cell or caption begins
    for token in [*found[first:last], Token(end, end, "table", True)]:
        if token.name not in _PARTS:
            continue
        if caption >= 0:
            captions.append(trim(text, caption, token.start))
        if row and cell >= 0:
            row.cells.append((cell, token.start))
        caption = cell = -1
        if row and token.name in _BREAKS:
            row.end = token.end if token.name == "tr" and token.closing else token.start
            rows.append(row)
            row = None
        head = token.name == "thead" and not token.closing if token.name in _GROUPS else head
        if token.name == "caption" and not token.closing:
            caption = token.end
        elif token.name in _ROW and not token.closing:
            row = row or Row(token.start, end, head)
            if token.name != "tr":
                cell = token.end
                _open_cell(text, row, token)
    return [row for row in rows if row.cells], captions


def _open_cell(text: str, row: Row, token: Token) -> None:
    tag = text[token.start : min(token.end, token.start + 500)]
    row.titles += token.name == "th"
    if match := re.search(_SPAN.format("rowspan"), tag):
        row.spans = max(row.spans, int(match.group(1)))
    row.wide = row.wide or re.search(_SPAN.format("colspan"), tag) is not None


def is_layout(rows: Sequence[Row], blocks: int) -> bool:
    """Return whether a table only places running text; ``blocks`` counts headings and tables in it."""
    if blocks:
        return True
    if any(row.titles for row in rows):
        return False
    lone = [row for row in rows if len(row.cells) == 1]
    return len(lone) == len(rows) and any(row.end - row.start > LAYOUT for row in rows)
