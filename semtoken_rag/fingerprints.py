"""What a call needs to know of each chunk before it decides, and who computes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from semtoken_rag.encoders.base import Encoder, encode_call
from semtoken_rag.segment import Segment, Segmenter, segment
from semtoken_rag.types import Chunk, Encoding, Query


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One chunk's fingerprints and the segments that its text falls into."""

    encoding: Encoding
    segments: Sequence[Segment]


# Of the chunks and of the question; how many chunks a store knew; what went wrong with it.
Read: TypeAlias = tuple[list[Fingerprint], Query | None, int, str | None]


@dataclass(frozen=True, slots=True)
class Fingerprinter:
    """Computes fingerprints.

    Parameters
    ----------
    encoder, segmenter
        Who encodes and who cuts.
    """

    encoder: Encoder
    segmenter: Segmenter = segment

    def read(self, chunks: Sequence[Chunk], question: str) -> Read:
        """Fingerprints of the chunks and those of the question, without a store."""
        texts, titles = [c.text for c in chunks], [c.title for c in chunks]
        encodings, query = encode_call(self.encoder, texts, titles, question)
        made = [Fingerprint(e, self.segmenter(t)) for e, t in zip(encodings, texts, strict=True)]
        return made, query, 0, None
