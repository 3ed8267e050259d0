"""The ``semtoken`` metadata key of the adapters, whose value can be written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from semtoken_rag.result import CompressedChunk

METADATA_KEY = "semtoken"


def chunk_metadata(chunk: CompressedChunk, source_start: int | None = None) -> dict[str, Any]:
    """Return the value of the metadata key `METADATA_KEY`: what is kept of a chunk.

    Parameters
    ----------
    chunk
        A chunk of the result.
    source_start
        First character of its text in the document that was split, see `read_source_start`; None if
        unknown.

    Returns
    -------
    dict
        ``{"pieces": [{"start", "end", "granularity", "score"}], "tokens_before", "tokens_after"}``. ``start``
        and ``end`` count characters of the chunk's own text. With ``source_start`` each piece also has
        ``source_start`` and ``source_end``, which count characters of the document. A higher score = keep.
    """
    pieces = []
    for piece in chunk.pieces:
        entry: dict[str, Any] = {
            "start": int(piece.start),
            "end": int(piece.end),
            "granularity": piece.granularity.name.lower(),
            "score": round(float(piece.score), 6),
        }
        if source_start is not None:
            entry |= {
                "source_start": source_start + entry["start"],
                "source_end": source_start + entry["end"],
            }
        pieces.append(entry)
    return {
        "pieces": pieces,
        "tokens_before": int(chunk.tokens_before),
        "tokens_after": int(chunk.tokens_after),
    }


def read_source_start(metadata: Mapping[Any, Any], start: object) -> int | None:
    """Return the first character of a text in its source document, if that is known.

    None if ``start`` is not a position, or if the text was compressed before and so has gaps.

    >>> read_source_start({}, 40), read_source_start({}, True), read_source_start({METADATA_KEY: {}}, 40)
    (40, None, None)
    """
    if METADATA_KEY in metadata or not isinstance(start, int) or isinstance(start, bool) or start < 0:
        return None
    return start


def read_title(metadata: Mapping[Any, Any], key: str) -> str:
    """Return the document's title; empty if it has none, or one that is not a string."""
    title = metadata.get(key)
    return title if isinstance(title, str) else ""
