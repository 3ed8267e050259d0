"""Fingerprints that are computed anew in every call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from semtoken_rag.encoders.base import Encoder, encode_call
from semtoken_rag.fingerprints.base import Fingerprint, Fingerprints
from semtoken_rag.fingerprints.format import Value, decode, rotate_question
from semtoken_rag.stages.segment import Segmenter, segment
from semtoken_rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Fingerprinter:
    """Compute fingerprints, without a store.

    Vectors are quantised as a store keeps them, so that a call decides the same with a store and without.

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
        values = [
            Value.of(Fingerprint(encoding, self.segmenter(text)))
            for encoding, text in zip(encodings, texts, strict=True)
        ]
        del encodings  # a chunk of megabytes takes more memory in them than in all else
        return Fingerprints(decode(values), rotate_question(query))
