"""Files to text, and text to the passages that stand for what a retriever finds."""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from semtoken_rag.stages.segment import segment
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import Chunk
from semtoken_rag.ui.events import Event, progress

SUFFIXES = (".txt", ".md", ".pdf")
LONG = 1500  # characters of a passage


class Document(BaseModel):
    """A document: what it is called, and its text."""

    title: str
    text: str


def load(path: Path) -> Document:
    """Read a file at once; see `read`."""
    *_, last = read(path.name, path.read_bytes())
    return Document(**last.data)


def read(name: str, data: bytes) -> Generator[Event, None, None]:
    """Read a file, page by page; the last event is the document.

    Raises
    ------
    ValueError
        Where it is neither a PDF nor UTF-8, or holds no text.
    """
    if data.startswith(b"%PDF-"):
        text = yield from _pdf(name, data)
    else:
        text = _decode(name, data)
    if not text.strip():
        raise ValueError(f"{name} holds no text; a scan needs text recognition first")
    yield Event("document", Document(title=name, text=text).model_dump())


def _pdf(name: str, data: bytes) -> Generator[Event, None, str]:
    try:
        found = PdfReader(io.BytesIO(data)).pages
        pages = []
        for number, page in enumerate(found, 1):
            pages.append(encodable(page.extract_text()))
            yield progress("Reading pages", number, len(found))
    except PyPdfError as error:
        raise ValueError(f"{name} cannot be read: {error}") from error
    return "\n\n".join(pages)


def _decode(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = data[error.start : error.start + 10]
        raise ValueError(f"{name} must be a PDF or UTF-8 text, got {found!r} at {error.start}") from None


def chunks(documents: Sequence[Document]) -> list[Chunk]:
    """Cut documents into passages; ``metadata`` says which document and where in it one starts."""
    return [
        Chunk(
            document.text[start:end],
            id=f"{number}:{start}",
            title=document.title,
            metadata={"document": number, "start": start},
        )
        for number, document in enumerate(documents)
        for start, end in passages(document.text)
    ]


def passages(text: str) -> list[tuple[int, int]]:
    r"""Character ranges of passages: neighbours together while they are short, a long one cut between units.

    >>> text = "One.\n\nTwo.\n\n" + 400 * "More. "
    >>> [text[a:b][:10] for a, b in passages(text)]
    ['One.\n\nTwo.', 'More. More']
    """
    found: list[tuple[int, int]] = []
    for start, end in _parts(text):
        if found and end - found[-1][0] <= LONG:
            start = found.pop()[0]
        found.append((start, end))
    return found


def _parts(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in re.finditer(r"\n\s*\n|\Z", text):
        paragraph = text[start : gap.start()]
        if len(paragraph) > LONG:
            yield from ((start + unit.start, start + unit.end) for unit in segment(paragraph))
        elif paragraph.strip():
            yield start, gap.start()
        start = gap.end()
