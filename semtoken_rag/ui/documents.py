"""Files to documents, and documents to passages, which stand for what a retriever finds."""

from __future__ import annotations

import codecs
from collections.abc import Generator, Sequence
from pathlib import Path

from pydantic import BaseModel

from semtoken_rag.stages.passages import passages
from semtoken_rag.text.pdf import read_pdf_in_steps
from semtoken_rag.types import Chunk
from semtoken_rag.ui.events import Event, progress

SUFFIXES = (".txt", ".md", ".pdf")


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
        text = _decode(data.removeprefix(codecs.BOM_UTF8), name)
    if not text.strip():
        raise ValueError(f"{name} holds no text; a scan needs text recognition first")
    yield Event("document", Document(title=name, text=text).model_dump())


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{name}, line {line}: must be a PDF or UTF-8 text; save it as one of them and try again"
        ) from None


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
