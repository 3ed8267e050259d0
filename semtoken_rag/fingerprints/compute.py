"""Fingerprints that are computed anew in every call, but for those that the chunks carry with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from semtoken_rag._internal.lazy import lazy_property
from semtoken_rag.encoders.base import Encoder, encode_call
from semtoken_rag.fingerprints.base import Fingerprint, Fingerprints
from semtoken_rag.fingerprints.format import Value, decode, rotate_question
from semtoken_rag.stages.segment import Segmenter, segment
from semtoken_rag.types import Chunk

if TYPE_CHECKING:
    from semtoken_rag.fingerprints.stored import StoredFingerprinter


@dataclass(frozen=True)
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
        if any(chunk.fingerprint is not None for chunk in chunks):
            return self.carrying.read(chunks, question)
        texts, titles = [c.text for c in chunks], [c.context for c in chunks]
        encodings, query = encode_call(self.encoder, texts, titles, question)
        values = [
            Value.of(Fingerprint(encoding, self.segmenter(text)))
            for encoding, text in zip(encodings, texts, strict=True)
        ]
        del encodings  # a chunk of megabytes takes more memory in them than in all else
        return Fingerprints(decode(values), rotate_question(query))

    @lazy_property
    def carrying(self) -> StoredFingerprinter:
        """Return what reads and makes the fingerprints that chunks carry, without a store."""
        from semtoken_rag.fingerprints.stored import StoredFingerprinter  # its modules cost import time
        from semtoken_rag.store.nothing import NoStore

        return StoredFingerprinter(self.encoder, NoStore(), self.segmenter)
