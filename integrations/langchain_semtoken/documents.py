"""Conversion between LangChain's `Document` and `Chunk`; the caller's documents are never changed."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

from langchain_core.documents import Document

from semtoken_rag import Chunk, CompressedChunk, CompressedContext
from semtoken_rag.adapters.metadata import (
    METADATA_KEY,
    chunk_metadata,
    read_source,
    read_source_start,
    read_title,
)


def to_chunks(documents: Sequence[Document], title_key: str) -> list[Chunk]:
    """Return the chunk of each document.

    Parameters
    ----------
    documents
        The documents, which are not changed. The metadata keys ``score`` and ``relevance_score`` hold the
        retriever's score, ``source`` and ``start_index`` the text's place in the document that was split.
    title_key
        Metadata key of the title; the title is empty if the key is missing or is not text.

    Returns
    -------
    list of Chunk
        In the order of ``documents``.
    """
    return [
        Chunk(
            document.page_content,
            id=document.id,
            title=read_title(document.metadata, title_key),
            score=_score(document.metadata),
            source=read_source(document.metadata),
            start=_source_start(document),
        )
        for document in documents
    ]


def to_documents(documents: Sequence[Document], context: CompressedContext) -> list[Document]:
    """Return copies of the documents of which something is kept.

    A copy has the kept text, the id, and the caller's metadata with the key ``semtoken``, see
    `semtoken_rag.adapters.metadata.chunk_metadata`. If the metadata have the splitter's ``start_index``, the
    pieces also have offsets into the document that was split.

    Parameters
    ----------
    documents
        The documents of the call, which are not changed.
    context
        The result of the call.

    Returns
    -------
    list of Document
        In the order of the context.
    """
    return [_to_document(documents[chunk.index], chunk) for chunk in context.chunks]


def _to_document(document: Document, chunk: CompressedChunk) -> Document:
    note = chunk_metadata(chunk, _source_start(document))
    return document.model_copy(
        update={"page_content": chunk.text, "metadata": {**document.metadata, METADATA_KEY: note}}
    )


def _source_start(document: Document) -> int | None:
    return read_source_start(document.metadata, document.metadata.get("start_index"))


def _score(metadata: dict[Any, Any]) -> float | None:
    for key in ("score", "relevance_score"):
        value = metadata.get(key)
        if isinstance(value, Real) and not isinstance(value, bool):
            return float(value)
    return None
