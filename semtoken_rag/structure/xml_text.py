"""XML: a record with its fields is one unit, and hangs on the elements around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.html_runs import Sentences, whole
from semtoken_rag.structure.html_tokens import Token, tokens
from semtoken_rag.structure.slices import finish

RECORD = 800  # characters of a record that is one unit
PROSE = 400  # characters of a text that is cut into its sentences
HEAD = 300  # characters of the fields that an element's other parts hang on
DEEP = 12  # elements within one another; what is deeper is one unit
_PAGE = frozenset({
    "html", "main", "section", "article", "nav", "div", "p", "span", "table", "tr", "td", "th", "tbody",
    "thead", "ul", "ol", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "br", "a", "b", "i",
    "em", "strong", "script", "style", "img", "font", "center", "pre",
})  # fmt: skip
_OPEN = r"<([a-zA-Z][a-zA-Z0-9]{0,9})(?=[\s/>])"


@dataclass(slots=True)
class _Element:
    """An element, or the document; ``start`` is that of a remark right above it."""

    name: str
    start: int
    inner: int
    close: int = -1
    end: int = -1
    children: list[_Element] = field(default_factory=list)
    mixed: bool = False
    record: bool = False


def parse_xml(text: str, sentences: Sentences = whole) -> list[Segment] | None:
    """Cut XML that is no page into its records.

    Parameters
    ----------
    text
        Any text.
    sentences
        Cuts a range of a text into ranges of sentences; without it a long text in an element is one.

    Returns
    -------
    list of Segment or None
        A ``row`` is a record, that is an element with its fields, or a field of a larger element. What stands
        in a larger element hangs on its tag and first fields, of kind ``key``. End tags of larger elements
        are in no segment. None if the text is not XML as a whole, or is a page.

    Examples
    --------
    >>> text = "<boats><boat><name>Yawl</name><fee>4</fee></boat><boat><name>Brig</name></boat></boats>"
    >>> [(s.kind, s.parent, text[s.start : s.end][:12]) for s in parse_xml(text)]
    [('key', -1, '<boats>'), ('row', 0, '<boat><name>'), ('row', 0, '<boat><name>')]
    """
    inner = text.strip("\ufeff \t\r\n")
    if not inner.startswith("<") or not inner.endswith(">") or inner.startswith("<!doctype html"):
        return None
    declared = inner.startswith("<?xml")
    if not declared and any(m.group(1).lower() in _PAGE for m in re.finditer(_OPEN, text)):
        return None
    found = tokens(text, 0, len(text))
    names = {token.name for token in found}
    if len(names) < 3 or "html" in names:
        return None
    root, depth = _read(text, found)
    if root is None or root.mixed or depth < 2:
        return None
    _mark_records(root)
    drafts: list[Segment] = []
    for element in root.children:
        _take(text, element, -1, drafts, sentences, 0)
    return finish(text, drafts, [(token.start, token.end) for token in found])


def _read(text: str, found: Sequence[Token]) -> tuple[_Element | None, int]:
    """Return the document with its elements, and how deep they are; None where the tags do not fit."""
    root = _Element("", 0, 0, len(text), len(text))
    stack, at, remark, depth, stray = [root], 0, -1, 0, 0
    for token in found:
        above = stack[-1]
        between = text[at : token.start].strip("\ufeff \t\r\n")
        above.mixed = above.mixed or bool(between)
        at = token.end
        if token.name in ("!--", "!doctype"):
            commented = text.startswith("<!--", token.start)
            remark = token.start if commented and (remark < 0 or between) else remark if commented else -1
            continue
        start, remark = (remark if remark >= 0 and not between else token.start), -1
        if not token.closing:
            element = _Element(token.name, start, token.end)
            above.children.append(element)
            if text.startswith("/>", token.end - 2):
                element.close = element.end = token.end
                depth = max(depth, len(stack))
            else:
                stack.append(element)
                depth = max(depth, len(stack) - 1)
        elif above.name == token.name and len(stack) > 1:
            above.close, above.end = token.start, token.end
            stack.pop()
        else:
            stray += 1
    for element in stack[1:]:  # the text is cut off
        element.close = element.end = len(text)
    root.mixed = root.mixed or bool(text[at:].strip())
    return (root if stray <= DEEP and 3 * stray <= len(found) and depth <= 100 else None), depth


def _mark_records(root: _Element) -> None:
    """Find the elements that are records: short, and no list of others."""
    order = [root]
    for element in order:
        order += element.children
    for element in reversed(order):
        children = element.children
        larger = [child.name for child in children if child.children]
        told = [
            child.name for child in children if child.inner - child.start > len(child.name) + 3
        ]  # attributes
        listed = len(told) > len(set(told)) or (len(children) > 1 and len({c.name for c in children}) == 1)
        element.record = (
            not listed
            and element.end - element.start <= RECORD
            and len(larger) == len(set(larger))
            and all(child.record for child in children)
        )


def _take(
    text: str, element: _Element, parent: int, drafts: list[Segment], sentences: Sentences, depth: int
) -> None:
    """Add the segments of an element."""
    plain = element.mixed or not element.children
    if plain and element.close - element.inner > PROSE:
        drafts.append(Segment(element.start, element.inner, "key", parent))
        head = len(drafts) - 1
        parts = sentences(text, element.inner, element.close)
        drafts += [Segment(a, b, "sentence", head) for a, b in parts]
    elif plain or element.record or depth >= DEEP:
        drafts.append(Segment(element.start, element.end, "row", parent))
    else:
        fields = list(_first_fields(element))
        drafts.append(Segment(element.start, fields[-1].end if fields else element.inner, "key", parent))
        head = len(drafts) - 1
        for child in element.children[len(fields) :]:
            _take(text, child, head, drafts, sentences, depth + 1)


def _first_fields(element: _Element) -> Iterator[_Element]:
    """Yield the fields that an element with larger ones begins with: they name it."""
    children = element.children
    if any(child.name == children[0].name for child in children[1:]) or not any(map(_is_large, children)):
        return
    for child in children:
        if _is_large(child) or child.end - element.start > HEAD:
            return
        yield child


def _is_large(element: _Element) -> bool:
    return bool(element.children) or element.close - element.inner > PROSE
