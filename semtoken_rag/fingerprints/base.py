"""Fingerprints: the token vectors and the segments of each chunk of a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from semtoken_rag.structure.base import Segment
from semtoken_rag.types import Encoding, Query


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The fingerprint of one chunk.

    Attributes
    ----------
    encoding
        Token vectors of the text and of the title.
    segments
        Segments of the text, in order.
    """

    encoding: Encoding
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """The fingerprints of a call.

    Attributes
    ----------
    chunks
        One for each chunk, in the order of the call.
    query
        The question; None if it has no tokens.
    n_stored
        Number of chunks whose fingerprints came from a store.
    store_failure
        What went wrong with the store; None if nothing did.
    """

    chunks: Sequence[Fingerprint]
    query: Query | None
    n_stored: int = 0
    store_failure: str | None = None
