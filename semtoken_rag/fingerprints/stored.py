"""Fingerprints that a store keeps: read back where they are there, made and written down where they are not.

They do not depend on the question, so that they can be made once, when a document is indexed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from semtoken_rag.encoders.base import Encoder, encode, encode_call
from semtoken_rag.encoders.quantize import rotate
from semtoken_rag.fingerprints.compute import Fingerprint, Fingerprints
from semtoken_rag.fingerprints.format import MAGIC, Value, decode, from_bytes, to_bytes, whole
from semtoken_rag.stages.segment import Segmenter, segment
from semtoken_rag.store.base import FingerprintStore
from semtoken_rag.store.failsafe import FailSafeStore
from semtoken_rag.types import Chunk, Encoding, Query

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredFingerprinter:
    """Reads fingerprints from a store, and computes and keeps those that are not there.

    What is computed goes through the stored form too, so that a result does not depend on what the store
    held. A store that fails is passed over, see `FailSafeStore`; a damaged or foreign value is computed anew.

    Parameters
    ----------
    encoder
        Encodes what the store lacks, and the question.
    store
        Keeps the values.
    segmenter
        Cuts each chunk's text into segments.
    """

    encoder: Encoder
    store: FingerprintStore
    segmenter: Segmenter = segment
    guarded: FailSafeStore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "guarded", FailSafeStore(self.store))

    def read(self, chunks: Sequence[Chunk], question: str) -> Fingerprints:
        """Return the fingerprints of the chunks and of the question, which may be empty."""
        keys = self.keys(chunks)
        found, failure = self._stored(dict(zip(keys, chunks, strict=True)))
        missing = {key: chunk for key, chunk in zip(keys, chunks, strict=True) if key not in found}
        warm = sum(key in found for key in keys)
        texts, titles = [c.text for c in missing.values()], [c.context for c in missing.values()]
        encodings, query = encode_call(self.encoder, texts, titles, question)
        values = {}
        for (key, chunk), encoding in zip(missing.items(), encodings, strict=True):
            values[key] = self._written(chunk.text, encoding)
            found[key] = self._value(values[key], chunk.text)
        if values:
            failure = self.guarded.write(list(values.items())) or failure
        if query:
            turned = replace(query.encoding, vectors=rotate(query.encoding.vectors))
            query = Query(query.text, turned)
        decoded = dict(zip(found, decode([*found.values()]), strict=True))
        return Fingerprints([decoded[key] for key in keys], query, warm, failure)

    def annotate(self, chunks: Sequence[Chunk]) -> int:
        """Fill the store with the fingerprints of those chunks that it lacks, and return how many it lacked.

        Raises
        ------
        Exception
            Whatever the store or the encoder raises: here, a failure is not passed over.
        """
        keyed = dict(zip(self.keys(chunks), chunks, strict=True))
        known = self.store.mget(list(keyed))
        missing = [key for key, value in zip(keyed, known, strict=True) if not whole(value)]
        texts, titles = [keyed[key].text for key in missing], [keyed[key].context for key in missing]
        encodings = encode(self.encoder, texts, titles)
        values = [self._written(text, encoding) for text, encoding in zip(texts, encodings, strict=True)]
        self.store.mset(list(zip(missing, values, strict=True)))
        return len(missing)

    def keys(self, chunks: Sequence[Chunk]) -> list[str]:
        """Key of each chunk: a hash of text, title, encoder and format, which tells nothing of the text."""
        name = getattr(self.encoder, "fingerprint", self.encoder.name).encode()
        return [_key(name, chunk) for chunk in chunks]

    @property
    def _cuts_alike(self) -> bool:
        """Whether segments may be stored: another segmenter's would stand under the same key."""
        return self.segmenter is segment

    def _written(self, text: str, encoding: Encoding) -> bytes:
        return to_bytes(Fingerprint(encoding, self.segmenter(text) if self._cuts_alike else ()))

    def _value(self, written: bytes, text: str) -> Value:
        value = from_bytes(written, text)
        return value if self._cuts_alike else replace(value, segments=self.segmenter(text))

    def _stored(self, keyed: dict[str, Chunk]) -> tuple[dict[str, Value], str | None]:
        values, failure = self.guarded.read(list(keyed))
        found = {}
        for (key, chunk), value in zip(keyed.items(), values, strict=True):
            try:
                if value is not None:
                    found[key] = self._value(value, chunk.text)
            except ValueError as error:
                log.warning("a stored fingerprint is computed anew: %s", error)
        return found, failure


@cache
def _format() -> bytes:
    """Return what else a value depends on: its format, and the segmenter that cut the text."""
    from importlib.metadata import version  # a fifth of the package's own import

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
