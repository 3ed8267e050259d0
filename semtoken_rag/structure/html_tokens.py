"""Tags of a page with their positions, which of them belong together, and whether a text is a page at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from semtoken_rag.structure.slices import trim

_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "col", "colgroup", "dd",
    "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
    "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html",
    "iframe", "legend", "li", "link", "main", "menu", "meta", "nav", "noscript", "object", "ol", "optgroup",
    "option", "p", "pre", "script", "search", "section", "select", "style", "summary", "svg", "table",
    "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "title", "tr", "ul", "video", "audio",
    "xmp", "!doctype",
})  # fmt: skip
_SIGNS = frozenset({
    "p", "table", "tr", "td", "th", "li", "ul", "ol", "dl", "dt", "dd", "div", "h1", "h2", "h3", "h4", "h5",
    "h6", "pre", "section", "article", "main", "header", "blockquote", "br", "thead", "tbody", "figure",
    "details", "caption", "title", "head", "body", "html", "nav", "footer", "aside", "form",
})  # fmt: skip
VOID = frozenset({
    "br", "img", "hr", "input", "meta", "link", "wbr", "source", "col", "area", "base", "embed", "track",
    "param", "!--", "!doctype",
})  # fmt: skip
TAG = 600  # characters of a tag from which it parts the text around it

RAW = frozenset({"script", "style"})
_NAME = r"/?[a-zA-Z][^\s/><\"'=]*"


class Token(NamedTuple):
    """A tag, comment or declaration: ``text[start:end]``."""

    start: int
    end: int
    name: str
    closing: bool


def is_inline(name: str) -> bool:
    """Return whether a tag stands within a line; so do unknown ones, such as the ``<T>`` of a list of T."""
    return name == "!--" or (name not in _BLOCKS and "-" not in name)


def tokens(text: str, start: int, end: int) -> list[Token]:
    """Return tags in source order; the insides of scripts and styles hold none.

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
    list of Token
        The tags of the range.

    Examples
    --------
    >>> [token.name for token in tokens("<p>a < b<br/><!-- <i> --></p>", 0, 29)]
    ['p', 'br', '!--', 'p']
    """
    found: list[Token] = []
    quotes = True  # whether quoted values are closed, as far as is known
    at = text.find("<", start, end)
    while at >= 0:
        stop, name = 0, ""
        if text.startswith("<!--", at):
            name = "!--"
            close = text.find("-->", at + 4, end)
            stop = close + 3 if close >= 0 else end
        elif match := re.match(_NAME, text[at + 1 : at + 40]):
            name = match.group().lower()
            stop, quotes = _tag_end(text, at, end, quotes)
            if not stop and name.lstrip("/") in _SIGNS:  # the text is cut off in it
                stop = end
        elif text[at + 1 : at + 2] in ("!", "?"):
            name = "!doctype" if text[at : at + 9].lower() == "<!doctype" else "!--"
            stop = text.find(">", at, end) + 1
        if stop:
            found.append(Token(at, stop, name.lstrip("/"), name.startswith("/")))
            if name in RAW and not text.startswith("/>", stop - 2):
                inner = re.compile(rf"</{name}", re.IGNORECASE).search(text, stop, end)
                stop = inner.start() if inner else end
        elif name:
            break  # no ">" is left
        at = text.find("<", max(stop, at + 1), end)
    return found


def _tag_end(text: str, start: int, end: int, quotes: bool) -> tuple[int, bool]:
    """End of a tag, 0 if there is none, and whether quoted values are still looked at."""
    if quotes:
        at = start
        for _ in range(200):
            match = re.compile(r">|=[ \t\r\n]*([\"'])").search(text, at, end)
            if not match:
                break
            if not match.group(1):
                return match.end(), True
            at = text.find(match.group(1), match.end(), end) + 1
            if not at:
                quotes = False
                break
    return text.find(">", start, end) + 1, quotes


def partners(found: Sequence[Token]) -> list[int]:
    """Return the number of the tag that closes or opens each, -1 for none.

    Parameters
    ----------
    found
        Tags of the page, in source order.

    Returns
    -------
    list of int
        For each tag the number of its partner.

    Examples
    --------
    >>> partners(tokens("<p><b>a</b><p>b</p>", 0, 19))
    [-1, 2, 1, 4, 3]
    """
    pairs = [-1] * len(found)
    open_tags: dict[str, list[int]] = {}
    for number, token in enumerate(found):
        if token.name in VOID:
            continue
        stack = open_tags.setdefault(token.name, [])
        if not token.closing:
            stack.append(number)
        elif stack:
            pairs[number] = stack.pop()
            pairs[pairs[number]] = number
    return pairs


def looks_like_html(text: str, start: int, end: int, found: Sequence[Token]) -> bool:
    """Return whether a text is HTML as a whole, and not markdown or code with some tags in it.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.
    found
        Tags of the range.

    Returns
    -------
    bool
        Whether the range is HTML as a whole.
    """
    head = text[start : min(end, start + 200)].lstrip("\ufeff \t\r\n").lower()
    if head.startswith(("<!doctype html", "<html")):
        return True
    blocks = [token for token in found if token.name in _SIGNS]
    if not blocks or text.find("`<", start, end) >= 0:
        return False
    if all(token.name == "br" for token in blocks):
        return len(blocks) > 2 and text.count("\n", start, end) <= 2 * len(blocks)
    enclosed = text.startswith("<", trim(text, start, end)[0]) and text[start:end].rstrip().endswith(">")
    if len(blocks) < (2 if enclosed else 3):
        return False
    outside = "\n".join(_outside(text, start, end, [t for t in found if t.name in _SIGNS or t.name in RAW]))
    return 2 * len(outside) <= end - start and re.search(_SOURCE, outside) is None


_SOURCE = (
    r"(?m)^[ \t]*(?:```|~~~|#{1,6} |//|[-*] \S|import \S+|from \S+ import|export |const |let |var |def "
    r"|return\b|(?:async )?function\b|class \w+)"
)


def _outside(text: str, start: int, end: int, blocks: Sequence[Token]) -> Iterator[str]:
    """Yield the text that is in no block; what stands before a block's end belongs to it."""
    depth, at = 0, start
    for token in blocks:
        if depth == 0 and not token.closing:
            yield text[at : token.start].strip()
        at = token.end
        if token.name != "br":
            depth = max(0, depth + (-1 if token.closing else 1))
    if depth == 0:
        yield text[at:end].strip()
