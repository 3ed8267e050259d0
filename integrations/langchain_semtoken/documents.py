"""Between LangChain's `Document` and the engine's `Chunk`; the caller's documents are read, never written."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

from langchain_core.documents import Document

from semtoken_rag import Chunk, CompressedContext

KEY = "semtoken"


def to_chunks(documents: Sequence[Document], title_key: str) -> list[Chunk]:
    """Return chunks in the order of ``documents``."""
    chunks = []
    for document in documents:
        title = document.metadata.get(title_key)
        chunks.append(
            Chunk(
                document.page_content,
                id=document.id,
                title=title if isinstance(title, str) else "",
                score=_score(document.metadata),
            )
        )
    return chunks


def to_documents(documents: Sequence[Document], context: CompressedContext) -> list[Document]:
    """Return copies of the documents of which something is kept, in the order of the context.

    The copy has the kept text, the id, and the caller's metadata with one more key, ``semtoken``:
    ``{"pieces": [{"start", "end", "granularity", "score"}], "tokens_before", "tokens_after"}``.
    ``start`` and ``end`` count characters of the caller's ``page_content``; where the splitter left a
    ``start_index``, ``source_start`` and ``source_end`` count those of the document that was split.
    """
    return [_compressed(documents[chunk.index], chunk) for chunk in context.chunks]


def _compressed(document: Document, chunk: Any) -> Document:
    base = _start_index(document.metadata)
    pieces = []
    for piece in chunk.pieces:
        entry = {
            "start": int(piece.start),
            "end": int(piece.end),
            "granularity": piece.granularity.name.lower(),
            "score": round(float(piece.score), 6),
        }
        if base is not None:
            entry |= {"source_start": base + entry["start"], "source_end": base + entry["end"]}
        pieces.append(entry)
    note = {
        "pieces": pieces,
        "tokens_before": int(chunk.tokens_before),
        "tokens_after": int(chunk.tokens_after),
    }
    return document.model_copy(
        update={"page_content": chunk.text, "metadata": {**document.metadata, KEY: note}}
    )


def _score(metadata: dict[Any, Any]) -> float | None:
    for key in ("score", "relevance_score"):
        value = metadata.get(key)
        if isinstance(value, Real) and not isinstance(value, bool):
            return float(value)
    return None


def _start_index(metadata: dict[Any, Any]) -> int | None:
    """Where the text begins in its source; None if unknown, or if it was compressed before and has gaps."""
    start = metadata.get("start_index")
    if KEY in metadata or not isinstance(start, int) or isinstance(start, bool) or start < 0:
        return None
    return start
