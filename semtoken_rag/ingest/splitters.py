"""How documents are cut into chunks: as the commands do, not at all, or as a RAG does with LangChain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from semtoken_rag._internal.optional import require
from semtoken_rag.files import Document
from semtoken_rag.types import Chunk

Splitter: TypeAlias = Callable[[Document], list[Chunk]]
PASSAGES, NONE, RECURSIVE = "passages", "none", "recursive"


def resolve_splitter(name: str) -> Splitter:
    """Return the splitter of a name.

    Parameters
    ----------
    name
        ``passages``: paragraphs under their headings, with the document's title, as the commands and the MCP
        server cut. ``none``: the document is one chunk with its title. ``recursive:SIZE:OVERLAP``: as
        LangChain's ``RecursiveCharacterTextSplitter(chunk_size=SIZE, chunk_overlap=OVERLAP)`` does, without
        titles, as its text loaders give none.

    Returns
    -------
    callable
        Cuts a document into chunks.

    Raises
    ------
    ValueError
        If it is none of these; the message has it.
    ImportError
        If LangChain's splitters are missing; names the extra.
    """
    if name == PASSAGES:
        return Document.chunks
    if name == NONE:
        return lambda document: document.chunks([(0, len(document.text))])
    kind, *numbers = name.split(":")
    if kind != RECURSIVE or len(numbers) != 2 or not all(n.isascii() and n.isdigit() for n in numbers):
        raise ValueError(f"splitter must be {PASSAGES}, {NONE} or {RECURSIVE}:SIZE:OVERLAP, got {name!r:.80}")
    size, overlap = map(int, numbers)
    if not overlap < size:
        raise ValueError(f"splitter must have an overlap below its size, got {name!r:.80}")
    splitters = require("langchain_text_splitters", extra="splitters")
    cutter = splitters.RecursiveCharacterTextSplitter(
        chunk_size=size, chunk_overlap=overlap, add_start_index=True
    )
    return lambda document: _split(cutter, document)


def _split(cutter: Any, document: Document) -> list[Chunk]:
    made = cutter.create_documents([document.text])
    places = [(each.page_content, each.metadata["start_index"]) for each in made]
    return [
        Chunk(text, id=f"{document.name}:{start}", source=document.name, start=start if start >= 0 else None)
        for text, start in places
    ]
