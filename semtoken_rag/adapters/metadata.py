"""The ``semtoken`` metadata key of the adapters, whose value can be written as JSON."""

from __future__ import annotations

import base64
import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from semtoken_rag.result import CompressedChunk, Stats
from semtoken_rag.types import Chunk

if TYPE_CHECKING:
    from semtoken_rag.compressor import SemToken

METADATA_KEY = "semtoken"
FINGERPRINT_KEY = "semtoken_fingerprint"  # base64 text, since flat metadata take no bytes
PARTS = ("page", "page_number", "row", "sheet")  # of a file, that its reader makes a document of each


def chunk_metadata(
    chunk: CompressedChunk, text: str, *, stats: Stats, source_start: int | None = None
) -> dict[str, Any]:
    """Return the value of the metadata key `METADATA_KEY`: what is kept of a chunk.

    Parameters
    ----------
    chunk
        A chunk of the result.
    text
        The document's text, which the chunk's own ends.
    stats
        Figures of the call.
    source_start
        First character of its text in the document that was split, see `read_source_start`; None if
        unknown.

    Returns
    -------
    dict
        ``{"pieces": [{"start", "end", "granularity", "score"}], "tokens_before", "tokens_after"}``. ``start``
        and ``end`` count characters of ``text``. With ``source_start`` each piece also has
        ``source_start`` and ``source_end``, which count characters of the document. A higher score = keep.
        A piece may have ``probability``, the best chance of a unit in it to be wanted.
        If the call abstained, and this is its best document, there are also ``"abstained": True`` and
        ``"answerable"``, the chance that the documents answer the question.
    """
    pieces, shift = [], len(text) - len(chunk.chunk.text)
    for piece in chunk.pieces:
        entry: dict[str, Any] = {
            "start": int(piece.start) + shift,
            "end": int(piece.end) + shift,
            "granularity": piece.granularity.name.lower(),
            "score": round(float(piece.score), 6),
        }
        if piece.probability is not None:
            entry["probability"] = round(float(piece.probability), 6)
        if source_start is not None:
            entry |= {
                "source_start": source_start + entry["start"],
                "source_end": source_start + entry["end"],
            }
        pieces.append(entry)
    note = {
        "pieces": pieces,
        "tokens_before": int(chunk.tokens_before),
        "tokens_after": int(chunk.tokens_after),
    }
    return {**note, "abstained": True, "answerable": stats.answerable} if stats.abstained else note


def copied(metadata: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a copy that shares nothing with the caller's metadata but what cannot be copied, such as a lock.

    >>> given = {"tags": ["a"]}
    >>> copied(given)["tags"] is given["tags"]
    False
    """
    try:
        return copy.deepcopy(dict(metadata))
    except Exception:  # whatever an object in them raises
        return {name: _copied(value) for name, value in metadata.items()}


def without_fingerprint(metadata: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return metadata without the fingerprint: neither a prompt nor a compressed document needs it.

    >>> without_fingerprint({"title": "Tower", FINGERPRINT_KEY: "U1RGNQ=="})
    {'title': 'Tower'}
    """
    return {name: value for name, value in metadata.items() if name != FINGERPRINT_KEY}


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


def kept_text(chunk: CompressedChunk, text: str) -> str:
    """Return what is left of a document's text: the text itself, if all of the chunk is kept."""
    return text if chunk.text == chunk.chunk.text else chunk.text


def read_source_start(metadata: Mapping[Any, Any], start: object) -> int | None:
    """Return the first character of a text in its source document, if that is known.

    None if ``start`` is not a position, or if the text was compressed before and so has gaps.

    >>> read_source_start({}, 40), read_source_start({}, True), read_source_start({METADATA_KEY: {}}, 40)
    (40, None, None)
    """
    if METADATA_KEY in metadata or not isinstance(start, int) or isinstance(start, bool) or start < 0:
        return None
    return start


def read_source(metadata: Mapping[Any, Any]) -> str | None:
    """Return the name of the document that a splitter cut a text from; None if it has none.

    Readers of some formats make a document of each page or row, of which each counts its own characters.

    Parameters
    ----------
    metadata
        Those of the text.

    Returns
    -------
    str or None
        The name, with the part of the file where its reader parts it.

    Examples
    --------
    >>> read_source({"source": "a.pdf", "page": 3}), read_source({"source": "a.txt"}), read_source({})
    ('a.pdf page=3', 'a.txt', None)
    """
    name = metadata.get("source")
    if not isinstance(name, str):
        return None
    return " ".join([name, *(f"{key}={metadata[key]}" for key in PARTS if key in metadata)])


def read_title(metadata: Mapping[Any, Any], key: str) -> str:
    """Return the document's title; empty if it has none, or one that is not a string."""
    title = metadata.get(key)
    return title if isinstance(title, str) else ""


def read_fingerprint(metadata: Mapping[Any, Any]) -> bytes | str | None:
    """Return the fingerprint that a document carries; None if it has none that is text or bytes."""
    carried = metadata.get(FINGERPRINT_KEY)
    return carried if isinstance(carried, str | bytes) else None


def fingerprint_texts(engine: SemToken, chunks: Sequence[Chunk]) -> list[str]:
    """Return the fingerprint of each chunk as base64 text, the value of `FINGERPRINT_KEY`."""
    return [base64.b64encode(made).decode("ascii") for made in engine.fingerprints(chunks)]
