"""Web pages: headings, lists, tables, paragraphs by their tags; menus, scripts and banners are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.html_noise import dropped, holes
from semtoken_rag.structure.html_page import Page
from semtoken_rag.structure.html_runs import Piece, Sentences, whole
from semtoken_rag.structure.html_tables import is_layout, read_rows, table_end
from semtoken_rag.structure.html_tokens import RAW, TAG, is_inline, looks_like_html, partners, tokens
from semtoken_rag.structure.slices import Range, finish

_TABLE = frozenset({"table", "tr", "td", "th"})
_WITHIN = frozenset({"script", "style", "svg", "button", "template"})  # left out of a line of text
_INNER = frozenset({"table", "h1", "h2", "h3", "h4", "h5", "h6"})


def parse_html(
    text: str, sentences: Sentences = whole, *, start: int = 0, end: int | None = None
) -> list[Segment] | None:
    """Cut a web page, or a part of one, into segments.

    Parameters
    ----------
    text
        Any text.
    sentences
        Cuts a range of a text into ranges of sentences; without it a paragraph is one.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive; the end of the text if left out.

    Returns
    -------
    list of Segment or None
        ``heading``, ``lead`` (a paragraph that ends with a colon, for what follows it), ``caption``,
        ``header`` and ``row`` (with their tags), ``item``, ``key`` (of a ``<dl>``), ``code`` and
        ``sentence``. None of them begins or ends inside of a tag. Scripts, styles, menus, footers, comments
        and banners are in no segment. None if the range is not HTML as a whole.

    Examples
    --------
    >>> text = "<h2>Fees</h2><table><tr><th>Plan</th></tr><tr><td>Team</td></tr></table>"
    >>> [(s.kind, s.parent) for s in parse_html(text)]
    [('heading', -1), ('header', 0), ('row', 1)]
    >>> parse_html("If a < b and c > d, then <b>stop</b>.") is None
    True
    """
    end = len(text) if end is None else min(end, len(text))
    if text.find("<", start, end) < 0:
        return None
    found = tokens(text, start, end)
    if not looks_like_html(text, start, end, found):
        return None
    page = Page(text, sentences, found, partners(found), any(tag.name == "h1" for tag in found))
    skips = dict(dropped(text, found, page.pairs))
    _walk(page, skips, start, end)
    tags = [(token.start, token.end) for token in found]
    return finish(text, page.done(), tags, holes(text, found, skips, end))


def _walk(page: Page, skips: dict[int, int], start: int, end: int) -> None:
    """Read all tags, and the text between them."""
    found, number, at = page.tags, 0, start
    inner = [0, *accumulate(token.name in _INNER and not token.closing for token in found)]
    while number < len(found):
        token = found[number]
        if token.closing and token.name in RAW and page.pairs[number] < 0:
            page.run.clear()  # what stands before it is the end of a script
        elif at < token.start:
            page.run.append(Piece(at, token.start))
        at, number = token.end, number + 1
        if number - 1 in skips:
            last = skips[number - 1]
            at, number = (found[last].end, last + 1) if last >= 0 else (end, len(found))
            if token.name in _WITHIN:
                page.run.append(Piece(token.start, at, number, -1, "!--"))
            else:
                page.flush()
        elif token.name in _TABLE and not token.closing:
            stop = table_end(found, page.pairs, number - 1)
            if (last_end := _table(page, number - 1, stop, end, inner[stop] - inner[number])) >= 0:
                at, number = last_end, stop
            else:
                page.open(number - 1, token.name)
        else:
            _tag(page, number - 1)
    if at < end:
        page.run.append(Piece(at, end))


def _table(page: Page, first: int, stop: int, end: int, blocks: int) -> int:
    """Take a table in the tags ``first`` to ``stop``; return where it ends, -1 if it only places text."""
    if stop < len(page.tags) and not page.tags[stop - 1].closing:
        close = page.tags[stop].start
    else:
        close = page.tags[stop - 1].end if page.tags[stop - 1].closing else end
    rows, captions = read_rows(page.text, page.tags, first, stop, close)
    if not rows or is_layout(rows, blocks):
        return -1
    page.table(rows, captions)
    return close


def _tag(page: Page, number: int) -> None:
    """Take a tag or comment."""
    start, end, name, closing = page.tags[number]
    if is_inline(name) and end - start > TAG:
        page.run.append(Piece(start, end, number, -1, "!--"))
    elif is_inline(name):
        page.run.append(Piece(start, end, number, page.pairs[number], name))
    elif closing:
        page.close(number, name)
    else:
        page.open(number, name)


def find_html_tables(text: str) -> Iterator[Range]:
    """Yield the ranges of ``<table>...</table>`` in a text; tables within tables are part of the outer one.

    Parameters
    ----------
    text
        Any text.

    Yields
    ------
    (int, int)
        Character range of a table, in source order.

    Examples
    --------
    >>> text = "Fees: <table><tr><td>5</td></tr></table> per month"
    >>> [text[a:b] for a, b in find_html_tables(text)]
    ['<table><tr><td>5</td></tr></table>']
    """
    depth = begin = 0
    for match in re.finditer(r"(?i)<(/?)table(?=[\s>])[^<>]*>", text):
        if not match.group(1):
            begin = begin if depth else match.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                yield begin, match.end()
