"""Files to documents, and documents to passages, which stand for what a retriever finds."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from pydantic import BaseModel

from semtoken_rag.files import Limits
from semtoken_rag.files.read import read_in_steps
from semtoken_rag.stages.passages import passages
from semtoken_rag.types import Chunk
from semtoken_rag.ui.events import Event, progress


class Document(BaseModel):
    """A title and a text."""

    title: str
    text: str


def load(path: Path) -> Document:
    """Read a file; see `read`."""
    *_, last = read(path.name, path.read_bytes())
    return Document(**last.data)


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
    with closing(read_in_steps(name, data, limits=limits)) as steps:
        try:
            while True:
                yield progress("Reading pages", *next(steps))
        except StopIteration as end:
            text = end.value.text
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
