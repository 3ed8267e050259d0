"""A file to a document: what kind it is, by its content first and by its name then."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import PurePath
from typing import TypeAlias

from semtoken_rag.files.document import Document
from semtoken_rag.files.limits import Limits
from semtoken_rag.files.pdf import PdfLimits, read_pdf
from semtoken_rag.files.plain import decode

# What is offered to open; any other text can be read too.
SUFFIXES = (
    *(".txt", ".md", ".markdown", ".rst", ".html", ".htm", ".xhtml", ".pdf", ".docx", ".csv", ".tsv"),
    *(".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".toml", ".ini", ".xml", ".log", ".py", ".js", ".ts"),
    *(".java", ".c", ".h", ".cpp", ".cs", ".go", ".rs", ".rb", ".php", ".sh", ".sql"),
)
MARKDOWN = (".md", ".markdown")
BETWEEN = "\n\n"  # pages
Steps: TypeAlias = Generator[tuple[int, int], None, Document]


def read_document(name: str, data: bytes, *, limits: Limits | None = None) -> Document:
    """Read a file: PDF, markdown, or any text.

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


def is_markdown(name: str) -> bool:
    """Return whether a file of this name has headings that begin with ``#``."""
    return PurePath(name).suffix.lower() in MARKDOWN


def read_in_steps(name: str, data: bytes, *, limits: Limits | None = None) -> Steps:
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

    Returns
    -------
    Document
        Its text, with which all offsets go.

    Raises
    ------
    ValueError
        As `read_document`.
    ImportError
        As `read_document`.
    """
    try:
        return (yield from _parse(name, data, limits or Limits()))
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


def _last(steps: Steps) -> Document:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            document: Document = end.value
            return document


def _parse(name: str, data: bytes, limits: Limits) -> Steps:
    if len(data) > limits.file_bytes:
        raise ValueError(f"larger than {limits.file_bytes} bytes")
    if data.startswith(b"%PDF-"):
        return (yield from _pdf(name, data, limits))
    text = decode(data)
    if not text.strip():
        raise ValueError("it holds no text")
    return Document(name, text, markdown=is_markdown(name))


def _pdf(name: str, data: bytes, limits: Limits) -> Steps:
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
    text = BETWEEN.join(parts)
    if not text.strip():
        raise ValueError("it holds no text; a scan needs text recognition first")
    return Document(name, text, pages=tuple(starts))
