"""Conversion between LangChain's `Document` and `Chunk`; the caller's documents are never changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from langchain_core.documents import Document

from semtoken_rag import CompressedChunk, CompressedContext, Stats
from semtoken_rag.adapters.intake import Intake, make_chunk
from semtoken_rag.adapters.metadata import (
    FINGERPRINT_KEY,
    METADATA_KEY,
    chunk_metadata,
    copied,
    kept_text,
    read_source,
    read_source_start,
    without_fingerprint,
)


def to_chunks(
    documents: Sequence[Document], title_key: str, measure: Callable[[Document], int] | None = None
) -> Intake:
    """Return the chunk of each document that has text.

    Parameters
    ----------
    documents
        The documents, which are not changed. The metadata keys ``score`` and ``relevance_score`` hold the
        retriever's score, ``source`` and ``start_index`` the text's place in the document that was split; for
        headings see `semtoken_rag.adapters.headings.read_headings`.
    title_key
        Metadata key of the title; the title is empty if the key is missing or is not text.
    measure
        Counts the tokens that the prompt adds to a document; None for no tokens.

    Returns
    -------
    Intake
        Chunks by the position of the document, and why others are left out.
    """
    taken = Intake()
    for i, document in enumerate(documents):
        name, text, metadata = (
            getattr(document, field, None) for field in ("id", "page_content", "metadata")
        )
        if not taken.skip_bad(i, name, text=text, metadata=metadata):
            taken.chunks[i] = make_chunk(
                document.page_content,
                document.metadata,
                title_key=title_key,
                id=document.id,
                score=_score(document.metadata),
                source=read_source(document.metadata),
                start=_source_start(document),
                overhead=measure(document) if measure else 0,
            )
    return taken


def to_documents(
    documents: Sequence[Document],
    places: Sequence[int],
    *,
    context: CompressedContext,
    flat_note: bool = False,
) -> list[Document]:
    """Return copies of the documents of which something is kept.

    A copy has the kept text, the id, and a deep copy of the caller's metadata with the key ``semtoken``, see
    `semtoken_rag.adapters.metadata.chunk_metadata`, and without the fingerprint, which is of the whole text.
    If the metadata have the splitter's ``start_index``, the pieces also have offsets into the document that
    was split.

    Parameters
    ----------
    documents
        The documents of the call, which are not changed.
    places
        Position in ``documents`` of each chunk of the call.
    context
        The result of the call.
    flat_note
        Whether the value of the key ``semtoken`` is a JSON string.

    Returns
    -------
    list of Document
        In the order of the context.
    """
    return [
        _to_document(documents[places[chunk.index]], chunk, context.stats, flat_note)
        for chunk in context.chunks
    ]


def carrying(document: Document, fingerprint: str) -> Document:
    """Return a copy of a document with its fingerprint in its metadata."""
    metadata = {**copied(document.metadata), FINGERPRINT_KEY: fingerprint}
    return document.model_copy(update={"metadata": metadata})


def _to_document(document: Document, chunk: CompressedChunk, stats: Stats, flat_note: bool) -> Document:
    text, metadata = document.page_content, document.metadata
    note: Any = chunk_metadata(chunk, text, stats=stats, source_start=_source_start(document))
    if flat_note:
        note = json.dumps(note)
    noted = {**copied(without_fingerprint(metadata)), METADATA_KEY: note}
    changed = {"page_content": kept_text(chunk, text), "metadata": noted}
    others = {name: value for name, value in document if name not in changed}  # a subclass may have more
    return document.model_copy(update={**copied(others), **changed})


def _source_start(document: Document) -> int | None:
    return read_source_start(document.metadata, document.metadata.get("start_index"))


def _score(metadata: dict[Any, Any]) -> float | None:
    for key in ("score", "relevance_score"):
        value = metadata.get(key)
        if isinstance(value, Real) and not isinstance(value, bool):
            return float(value)
    return None
