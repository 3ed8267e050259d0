"""Files to documents, and documents to passages, which stand for what a retriever finds."""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from semtoken_rag.stages.segment import segment
from semtoken_rag.text.files import decode_utf8
from semtoken_rag.text.pdf import read_pdf_in_steps
from semtoken_rag.types import Chunk
from semtoken_rag.ui.events import Event, progress

SUFFIXES = (".txt", ".md", ".pdf")
LONG = 1500  # characters of a passage, at most


class Document(BaseModel):
    """A title and a text."""

    title: str
    text: str


def load(path: Path) -> Document:
    """Read a file; see `read`."""
    *_, last = read(path.name, path.read_bytes())
    return Document(**last.data)


def read(name: str, data: bytes) -> Generator[Event, None, None]:
    """Read a file, a PDF page by page.

    Parameters
    ----------
    name
        Name of the file, which becomes the title.
    data
        Content of the file.

    Yields
    ------
    Event
        Progress; at last the document.

    Raises
    ------
    ValueError
        If it is neither a PDF nor UTF-8, contains no text, or is a PDF beyond `PdfLimits`.
    """
    if data.startswith(b"%PDF-"):
        pages, total = list[str](), 0
        for found in read_pdf_in_steps(data, name):
            if found is not None:
                _, total, page = found
                pages.append(page)
            yield progress("Reading pages", len(pages), total)
        text = "\n\n".join(pages)
    else:
        text = decode_utf8(data.removeprefix(codecs.BOM_UTF8), name, "must be a PDF or UTF-8 text")
    if not text.strip():
        raise ValueError(f"{name} holds no text; a scan needs text recognition first")
    yield Event("document", Document(title=name, text=text).model_dump())


def chunks(documents: Sequence[Document]) -> list[Chunk]:
    """Cut documents into passages, with the document's index and the offset in it as metadata."""
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
    r"""Return the character ranges of passages: short paragraphs are joined, long ones cut between units.

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
