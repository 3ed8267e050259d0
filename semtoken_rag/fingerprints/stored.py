"""Fingerprints that are read from a store, or computed and stored if they are missing there.

They do not depend on the question, so they can be computed once, when a document is indexed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from semtoken_rag.encoders.base import Encoder, encode, encode_call
from semtoken_rag.fingerprints.base import Fingerprint, Fingerprints
from semtoken_rag.fingerprints.format import (
    MAGIC,
    Value,
    decode,
    from_bytes,
    is_intact,
    rotate_question,
    to_bytes,
)
from semtoken_rag.stages.segment import Segmenter, segment
from semtoken_rag.store.base import FingerprintStore
from semtoken_rag.store.failsafe import FailSafeStore
from semtoken_rag.types import Chunk, Encoding

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredFingerprinter:
    """Read fingerprints from a store, and compute and store the missing ones.

    A computed fingerprint goes through the stored form too, so the result does not depend on what the store
    held. A store that fails is passed over, see `FailSafeStore`; a damaged or foreign value is computed anew.

    Parameters
    ----------
    encoder
        Encodes the question, and the chunks that the store lacks.
    store
        Keeps the values.
    segmenter
        Cuts each chunk's text into segments. Only the segments of the default segmenter are stored.
    """

    encoder: Encoder
    store: FingerprintStore
    segmenter: Segmenter = segment
    failsafe: FailSafeStore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "failsafe", FailSafeStore(self.store))

    def read(self, chunks: Sequence[Chunk], question: str) -> Fingerprints:
        """Return the fingerprints of the chunks and of the question, which may be empty."""
        keys = self.keys(chunks)
        found, failure = self._read_store(dict(zip(keys, chunks, strict=True)))
        missing = {key: chunk for key, chunk in zip(keys, chunks, strict=True) if key not in found}
        warm = sum(key in found for key in keys)
        texts, titles = [c.text for c in missing.values()], [c.context for c in missing.values()]
        encodings, query = encode_call(self.encoder, texts, titles, question)
        values = {}
        for (key, chunk), encoding in zip(missing.items(), encodings, strict=True):
            values[key] = self._to_bytes(chunk.text, encoding)
            found[key] = self._from_bytes(values[key], chunk.text)
        if values:
            failure = self.failsafe.write(list(values.items())) or failure
        decoded = dict(zip(found, decode([*found.values()]), strict=True))
        return Fingerprints([decoded[key] for key in keys], rotate_question(query), warm, failure)

    def annotate(self, chunks: Sequence[Chunk]) -> int:
        """Store the fingerprints of the chunks that the store lacks.

        Parameters
        ----------
        chunks
            Chunks as a call will pass them: text and title are part of the key.

        Returns
        -------
        int
            Number of chunks that the store lacked.

        Raises
        ------
        Exception
            Whatever the store or the encoder raises: a failure is not passed over here.
        """
        keyed = dict(zip(self.keys(chunks), chunks, strict=True))
        known = self.store.mget(list(keyed))
        missing = [key for key, value in zip(keyed, known, strict=True) if not is_intact(value)]
        texts, titles = [keyed[key].text for key in missing], [keyed[key].context for key in missing]
        encodings = encode(self.encoder, texts, titles)
        values = [self._to_bytes(text, encoding) for text, encoding in zip(texts, encodings, strict=True)]
        self.store.mset(list(zip(missing, values, strict=True)))
        return len(missing)

    def keys(self, chunks: Sequence[Chunk]) -> list[str]:
        """Return the key of each chunk: a hash of text, title, encoder and format."""
        name = getattr(self.encoder, "fingerprint", self.encoder.name).encode()
        return [_key(name, chunk) for chunk in chunks]

    @property
    def _stores_segments(self) -> bool:
        """Whether segments are stored: those of another segmenter would be under the same key."""
        return self.segmenter is segment

    def _to_bytes(self, text: str, encoding: Encoding) -> bytes:
        return to_bytes(Fingerprint(encoding, self.segmenter(text) if self._stores_segments else ()))

    def _from_bytes(self, written: bytes, text: str) -> Value:
        value = from_bytes(written, text)
        return value if self._stores_segments else replace(value, segments=self.segmenter(text))

    def _read_store(self, keyed: dict[str, Chunk]) -> tuple[dict[str, Value], str | None]:
        values, failure = self.failsafe.read(list(keyed))
        found = {}
        for (key, chunk), value in zip(keyed.items(), values, strict=True):
            try:
                if value is not None:
                    found[key] = self._from_bytes(value, chunk.text)
            except ValueError as error:
                log.warning("a stored fingerprint is computed anew: %s", error)
        return found, failure


@cache
def _format() -> bytes:
    """Return the part of a key for the format and for the segmenter's version."""
    from importlib.metadata import version  # inside: it takes a fifth of the package's import time

    return MAGIC + version("sentencex").encode()


def _key(encoder: bytes, chunk: Chunk) -> str:
    digest = hashlib.blake2b(_format(), digest_size=20)
    for part in (
        encoder,
        chunk.context.encode("utf-8", "surrogatepass"),
        chunk.text.encode("utf-8", "surrogatepass"),
    ):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
