"""Per-chunk encodings and segments, computed by an encoder and a segmenter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from semtoken_rag.encoders.base import Encoder, encode_call
from semtoken_rag.stages.segment import Segmenter, segment
from semtoken_rag.structure.base import Segment
from semtoken_rag.types import Chunk, Encoding, Query


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


@dataclass(frozen=True, slots=True)
class Fingerprinter:
    """Compute fingerprints, without a store.

    Parameters
    ----------
    encoder
        Encodes the chunks and the question.
    segmenter
        Cuts each chunk's text into segments.
    """

    encoder: Encoder
    segmenter: Segmenter = segment

    def read(self, chunks: Sequence[Chunk], question: str) -> Fingerprints:
        """Return the fingerprints of the chunks and of the question, which may be empty."""
        texts, titles = [c.text for c in chunks], [c.context for c in chunks]
        encodings, query = encode_call(self.encoder, texts, titles, question)
        made = [Fingerprint(e, self.segmenter(t)) for e, t in zip(encodings, texts, strict=True)]
        return Fingerprints(made, query)
