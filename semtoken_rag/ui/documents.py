"""Files to documents, and documents to passages, which stand for what a retriever finds."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from pydantic import BaseModel

from semtoken_rag.files import Document as File
from semtoken_rag.files import Limits
from semtoken_rag.files.kinds import kind_of
from semtoken_rag.files.read import MARKED, read_in_steps
from semtoken_rag.types import Chunk
from semtoken_rag.ui.events import Event, progress


class Document(BaseModel):
    """A title and a text."""

    title: str
    text: str


def read(name: str, data: bytes) -> Generator[Event, None, None]:
    """Read a file of any kind that `semtoken_rag.files` reads, a PDF page by page.

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
        As `semtoken_rag.files.read_document`.
    ImportError
        If a library for its kind is missing; names the extra.
    """
    limits = Limits(file_bytes=max(len(data), Limits().file_bytes))  # an upload has a bound of its own
    for step in read_in_steps(name, data, limits=limits):
        if isinstance(step, File):
            yield Event("document", Document(title=name, text=step.text).model_dump())
        else:
            yield progress("Reading pages", *step)


def chunks(documents: Sequence[Document]) -> list[Chunk]:
    """Cut documents into passages, with the document's index and the offset in it as metadata."""
    return [
        replace(chunk, id=f"{number}:{chunk.start}", metadata={"document": number, "start": chunk.start})
        for number, document in enumerate(documents)
        for chunk in _file(document).chunks()
    ]


def _file(document: Document) -> File:
    """Return a document as it is read from a file, so that its passages are those of the commands."""
    return File(document.title, document.text, markdown=kind_of(document.title, b"") in MARKED)
