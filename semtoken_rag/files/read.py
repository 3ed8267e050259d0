"""A file to a document."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TypeAlias

from semtoken_rag.files.document import Document
from semtoken_rag.files.docx import docx_text
from semtoken_rag.files.html import html_text
from semtoken_rag.files.json_text import json_lines_text, json_text
from semtoken_rag.files.kinds import kind_of
from semtoken_rag.files.limits import Limits
from semtoken_rag.files.pdf import PdfLimits, read_pdf
from semtoken_rag.files.plain import decode

MARKED = frozenset({"markdown", "html", "docx"})  # have lines that begin with # for headings
_AS_TEXT: Mapping[str, Callable[[str], str]] = {"json": json_text, "json lines": json_lines_text}
BETWEEN = "\n\n"  # pages
Step: TypeAlias = tuple[int, int] | Document


def read_document(name: str, data: bytes, *, limits: Limits | None = None) -> Document:
    """Read a file: PDF, DOCX, HTML, markdown, tables, code, or any other text.

    Parameters
    ----------
    name
        Its name, which citations show; the suffix counts where the content does not tell the kind.
    data
        Its content.
    limits
        What it may take; None for the defaults.

    Returns
    -------
    Document
        Its text, with which all offsets go.

    Raises
    ------
    ValueError
        If it holds no text, is not supported, is broken, encrypted, or beyond a limit; names the file.
    ImportError
        If a library for its kind is missing; names the extra.
    """
    return _last(read_in_steps(name, data, limits=limits))


def read_in_steps(name: str, data: bytes, *, limits: Limits | None = None) -> Iterator[Step]:
    """Read a file as `read_document` does, in steps after each of which the reading can be given up.

    Parameters
    ----------
    name
        Its name.
    data
        Its content.
    limits
        What it may take; None for the defaults.

    Yields
    ------
    tuple of int, int
        Pages read, and pages in all; 0 of 0 as long as this is not known.
    Document
        At last: its text, with which all offsets go.

    Raises
    ------
    ValueError
        As `read_document`.
    ImportError
        As `read_document`.
    """
    try:
        for step in _parse(name, data, limits or Limits()):  # noqa: UP028  (pydoclint overlooks `yield from`)
            yield step
    except ValueError as error:
        raise ValueError(f"{name} cannot be read: {reason_of(error)}") from None


def parsed(name: str, data: bytes, limits: Limits) -> Document:
    """Read a file as `read_document` does, with a ValueError that does not name the file.

    Parameters
    ----------
    name
        Its name.
    data
        Its content.
    limits
        What it may take.

    Returns
    -------
    Document
        Its text, with which all offsets go.
    """
    return _last(_parse(name, data, limits))


def reason_of(error: Exception) -> str:
    """Return in one line why a file was not read."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split())


def _last(steps: Iterator[Step]) -> Document:
    *_, document = steps
    assert isinstance(document, Document)
    return document


def _parse(name: str, data: bytes, limits: Limits) -> Iterator[Step]:
    if len(data) > limits.file_bytes:
        raise ValueError(f"larger than {limits.file_bytes} bytes")
    kind, title, pages = kind_of(name, data), "", tuple[int, ...]()
    if kind == "pdf":
        text, pages = yield from _pdf(data, limits)
    elif kind == "docx":
        title, text = docx_text(data, limits)
    elif kind == "html":
        title, text = html_text(decode(data, declared=True))
    else:
        text = _AS_TEXT.get(kind, str)(decode(data))
    if not text.strip():
        raise ValueError("it holds no text" + ("; a scan needs text recognition first" * (kind == "pdf")))
    if len(text) > limits.file_bytes:
        raise ValueError(f"it holds more than {limits.file_bytes} characters")
    yield Document(name, text, title=title, pages=pages, markdown=kind in MARKED)


def _pdf(data: bytes, limits: Limits) -> Generator[tuple[int, int], None, tuple[str, tuple[int, ...]]]:
    """Return the text of the pages, and the first character of each."""
    bounds = PdfLimits(characters=limits.file_bytes, seconds=limits.seconds)
    parts, starts, length = list[str](), list[int](), 0
    for found in read_pdf(data, limits=bounds):
        if found is None:
            yield len(parts), 0
            continue
        number, total, page = found
        parts.append(page)
        starts.append(length)
        length += len(page) + len(BETWEEN)
        yield number, total
    return BETWEEN.join(parts), tuple(starts)
