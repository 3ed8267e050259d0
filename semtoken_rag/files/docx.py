"""DOCX to markdown: paragraphs, headings, lists and tables in their order; macros are never run."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from semtoken_rag._internal.optional import require
from semtoken_rag.files.limits import Limits

PARSED = (".xml", ".rels")
XML = 16 * 2**20  # bytes, of which each takes up to thirty of memory; a thousand pages have less
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# What was deleted, is a format, or stands there a second time for programs that cannot show the first.
_UNSAID = frozenset({"del", "moveFrom", "instrText", "Fallback", "pPr", "rPr", "sectPr"})
# What stands before the number of a note: both kinds are counted from 1.
_NOTES = {"footnote": "", "endnote": "end"}
_REFERENCES = {f"{kind}Reference": sign for kind, sign in _NOTES.items()}
_LEVEL = re.compile(r"(?i)heading ([1-6])$")
_BOX = "txbxContent"  # paragraphs and tables of a text box, which hangs in the middle of a paragraph


def docx_text(data: bytes, limits: Limits) -> tuple[str, str]:
    """Return the title and the text of a document.

    Parameters
    ----------
    data
        Content of the file, a ZIP archive with ``word/document.xml``.
    limits
        How much it may unpack to.

    Returns
    -------
    str
        Title among its properties.
    str
        Its text as markdown: ``#`` for headings, ``-`` for items, ``|`` between the cells of tables.

    Raises
    ------
    ValueError
        If it is broken, unpacks to more than the limit, has macros, or declares entities.
    ImportError
        If python-docx is missing; names the extra.
    """
    docx = require("docx", extra="files")
    title, blocks = "", list[tuple[str, str]]()
    try:
        if not (fault := _fault(data, limits)):
            document = docx.Document(io.BytesIO(data))
            title = document.core_properties.title or ""
            blocks += _blocks(document.element.body, _levels(document))
            blocks += _notes(document.part)
    except Exception as error:  # whatever a broken file makes python-docx, zipfile or lxml raise
        raise ValueError(f"broken, {type(error).__name__} when it is read") from error
    if fault:
        raise ValueError(fault)
    return " ".join(title.split()), "".join(_joined(blocks))


def _fault(data: bytes, limits: Limits) -> str:
    """Return why a file is not parsed: it unpacks to too much, has macros, or declares entities."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sizes = {each.filename: each.file_size for each in archive.infolist()}
        if (size := sum(sizes.values())) > limits.unpacked_bytes:
            return f"it unpacks to {size} bytes, more than {limits.unpacked_bytes}"
        if (size := sum(sizes[name] for name in sizes if name.endswith(PARSED))) > XML:
            return f"it unpacks to {size} bytes of XML, more than {XML}"
        if b"macroEnabled" in archive.read("[Content_Types].xml"):
            return "it has macros; save it as DOCX without them"
        for name in sizes:
            if name.endswith(PARSED) and b"<!DOCTYPE" in archive.read(name):
                return f"broken, {name:.80} has a DOCTYPE"
    return ""


def _levels(document: Any) -> dict[str, int]:
    """Return the level of each style of headings, also of those that are based on one."""
    found: dict[str, int] = {}
    for style in document.styles:
        base, left = style, 10  # styles may be based on each other in a circle
        while base is not None and left:
            if match := _LEVEL.match(base.name or ""):
                found[style.style_id] = int(match[1])
                break
            base, left = getattr(base, "base_style", None), left - 1
        if style.name == "Title":
            found[style.style_id] = 1
    return found


def _blocks(parent: Any, levels: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Yield kind and text of paragraphs and tables, also of those in content controls."""
    for element in parent.iterchildren():
        name = _name(element)
        if name == "p":
            if text := _text(element).strip():
                yield _paragraph(element, text, levels)
            for box in _boxes(element):
                yield from _blocks(box, levels)
        elif name == "tbl":
            if rows := [row for row in _rows(element) if any(row)]:
                yield "table", _table(rows)
        elif name not in _UNSAID:
            yield from _blocks(element, levels)


def _paragraphs(parent: Any) -> Iterator[str]:
    """Yield the text of each paragraph, however deep it lies."""
    for child in parent.iterchildren():
        if (name := _name(child)) not in _UNSAID:
            if name == "p":
                yield _text(child)
            yield from _paragraphs(child)


def _boxes(paragraph: Any) -> Iterator[Any]:
    """Yield the text boxes that hang in a paragraph, those in another box left out."""
    for child in paragraph.iterchildren():
        if (name := _name(child)) == _BOX:
            yield child
        elif name not in _UNSAID:
            yield from _boxes(child)


def _paragraph(element: Any, text: str, levels: dict[str, int]) -> tuple[str, str]:
    style = element.find(f"{_W}pPr/{_W}pStyle")
    style_id = "" if style is None else style.get(f"{_W}val", "")
    if level := levels.get(style_id):
        return "heading", f"{'#' * level} {' '.join(text.split())}"
    numbered = element.find(f"{_W}pPr/{_W}numPr")
    if numbered is None and not style_id.startswith("List"):
        return "paragraph", text
    if _value(numbered, "numId") == "0":  # taken out of the list of its style
        return "paragraph", text
    depth = _value(numbered, "ilvl") or int(style_id[-1] if style_id[-1:].isdecimal() else 1) - 1
    return "item", f"{'  ' * min(int(depth), 8)}- {text}"


def _value(parent: Any, name: str) -> str:
    """Return the value of a property; empty if there is none."""
    found = None if parent is None else parent.find(f"{_W}{name}")
    return "" if found is None else found.get(f"{_W}val", "")


def _rows(table: Any) -> Iterator[list[str]]:
    """Yield the cells of each row; one that spans several columns or rows stands in the first of them."""
    above: list[str] = []
    for row in table.iter(f"{_W}tr"):
        if next(row.iterancestors(f"{_W}tbl")) is not table:
            continue  # of a table in a cell, whose text the cell has
        cells = [""] * _width(row, f"{_W}trPr/{_W}gridBefore", 0)
        for cell in row.iterchildren(f"{_W}tc", f"{_W}sdt"):
            text = " ".join(" ".join(_paragraphs(cell)).split()).replace("|", "\\|")
            joined = cell.find(f"{_W}tcPr/{_W}vMerge")
            if joined is not None and joined.get(f"{_W}val") != "restart" and len(cells) < len(above):
                text = above[len(cells)]  # the row says what it belongs to
            cells += [text, *[""] * (_width(cell, f"{_W}tcPr/{_W}gridSpan", 1) - 1)]
        above = cells
        yield cells


def _width(element: Any, path: str, default: int) -> int:
    """Return how many columns a property says."""
    found = element.find(path)
    return default if found is None else min(int(found.get(f"{_W}val", default)), 64)


def _table(rows: list[list[str]]) -> str:
    width = max(map(len, rows))
    lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
    return "\n".join([lines[0], "| " + " | ".join(["---"] * width) + " |", *lines[1:]])


def _notes(part: Any) -> Iterator[tuple[str, str]]:
    """Yield the footnotes and the endnotes."""
    from docx.oxml import parse_xml

    for kind, sign in _NOTES.items():
        for relation in part.rels.values():
            if relation.is_external or not relation.reltype.endswith(f"/{kind}s"):
                continue
            for note in parse_xml(relation.target_part.blob).iterchildren(f"{_W}{kind}"):
                if note.get(f"{_W}type") is None and (text := " ".join(" ".join(_paragraphs(note)).split())):
                    yield "note", f"[^{sign}{note.get(f'{_W}id')}]: {text}"


def _text(element: Any) -> str:
    return "".join(_parts(element))


def _parts(element: Any) -> Iterator[str]:
    for child in element.iterchildren():
        name = _name(child)
        if name == "t":
            yield child.text or ""
        elif name in _REFERENCES:
            yield f"[^{_REFERENCES[name]}{child.get(f'{_W}id')}]"
        elif name in _SIGNS:
            yield _SIGNS[name]
        elif name not in _UNSAID and name != _BOX:
            yield from _parts(child)


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _joined(blocks: list[tuple[str, str]]) -> Iterator[str]:
    """Yield texts and what stands between them; the items of a list have no blank line."""
    before = ""
    for kind, text in blocks:
        if before:
            yield "\n" if before == kind and kind in ("item", "note") else "\n\n"
        yield text
        before = kind
