"""Conversion between Haystack's `Document` and `Chunk`; the caller's documents are never changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace

from haystack import Document

from semtoken_rag import CompressedChunk, CompressedContext, Stats
from semtoken_rag.adapters.intake import Intake, make_chunk
from semtoken_rag.adapters.metadata import (
    METADATA_KEY,
    chunk_metadata,
    copied,
    kept_text,
    read_source_start,
    without_fingerprint,
)


def to_chunks(documents: Sequence[Document], title_key: str, measure: Callable[[str], int]) -> Intake:
    """Return the chunk of each document that has text.

    Parameters
    ----------
    documents
        The documents, which are not changed. ``meta`` holds the splitter's ``source_id`` and
        ``split_idx_start``; for headings see `semtoken_rag.adapters.headings.read_headings`.
    title_key
        Key in ``meta`` of the title; the title is empty if the key is missing or is not text.
    measure
        Counts the tokens that the prompt adds to a text.

    Returns
    -------
    Intake
        Chunks by the position of the document, and why others are left out. A document that holds a ``blob``
        and no text is neither.
    """
    taken = Intake()
    for i, document in enumerate(documents):
        name, text, meta = (getattr(document, field, None) for field in ("id", "content", "meta"))
        if text is None and getattr(document, "blob", None) is not None:
            continue
        if not taken.skip_bad(i, name, text=text, metadata=meta):
            text, source = document.content or "", document.meta.get("source_id")
            taken.chunks[i] = make_chunk(
                text,
                document.meta,
                title_key=title_key,
                id=document.id,
                score=document.score,
                source=source if isinstance(source, str) else None,
                start=_source_start(document),
                overhead=measure(text),
            )
    return taken


def to_documents(
    documents: Sequence[Document], taken: Intake, *, context: CompressedContext
) -> list[Document]:
    """Return copies of the documents of which something is kept, and behind them those without text.

    A copy has the kept text, the caller's id, score and embedding, and ``meta`` with the key ``semtoken``,
    see `semtoken_rag.adapters.metadata.chunk_metadata`. If ``meta`` has the splitter's ``split_idx_start``,
    the pieces also have offsets into the document that was split.

    Parameters
    ----------
    documents
        The documents of the call, which are not changed.
    taken
        What was read of them.
    context
        The result of the call.

    Returns
    -------
    list of Document
        In the order of the context.
    """
    places = list(taken.chunks)
    kept = [_to_document(documents[places[each.index]], each, context.stats) for each in context.chunks]
    return kept + untouched(documents, taken)


def untouched(documents: Sequence[Document], taken: Intake) -> list[Document]:
    """Return the documents that hold no text, but an image or another blob."""
    return [each for i, each in enumerate(documents) if i not in taken.chunks and i not in taken.skipped]


def _to_document(document: Document, chunk: CompressedChunk, stats: Stats) -> Document:
    text, meta = document.content or "", copied(without_fingerprint(document.meta))
    meta[METADATA_KEY] = chunk_metadata(chunk, text, stats=stats, source_start=_source_start(document))
    changed = {"content": kept_text(chunk, text), "meta": meta}
    own = (field.name for field in fields(document) if field.init and field.name not in changed)
    return replace(document, **copied({name: getattr(document, name) for name in own}) | changed)


def _source_start(document: Document) -> int | None:
    return read_source_start(document.meta, document.meta.get("split_idx_start"))
