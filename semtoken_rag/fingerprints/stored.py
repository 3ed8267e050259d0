"""Fingerprints that are read from the chunks or a store, or computed and stored if they are missing there.

They do not depend on the question, so they can be computed once, when a document is indexed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from semtoken_rag.encoders.base import Encoder, encode, encode_call
from semtoken_rag.fingerprints.base import Fingerprint, Fingerprints
from semtoken_rag.fingerprints.carried import from_carried, to_carried
from semtoken_rag.fingerprints.format import (
    MAGIC,
    Value,
    decode,
    from_bytes,
    is_intact,
    rotate_question,
    shape,
    to_bytes,
)
from semtoken_rag.stages.segment import Segmenter, segment
from semtoken_rag.store.base import FingerprintStore
from semtoken_rag.store.failsafe import FailSafeStore
from semtoken_rag.types import Chunk, Encoding, Query

log = logging.getLogger(__name__)

ASKED = "width"  # the text by whose vectors an encoder tells their width
MOST_SIZES = 1 << 15  # keys whose number of tokens is known: some 5 MB


@dataclass(frozen=True, slots=True)
class StoredFingerprinter:
    """Read fingerprints from the chunks that carry them or from a store; compute and store the missing ones.

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
    _own: _OwnShapes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "failsafe", FailSafeStore(self.store))
        object.__setattr__(self, "_own", _OwnShapes(self.encoder))

    def read(self, chunks: Sequence[Chunk], question: str) -> Fingerprints:
        """Return the fingerprints of the chunks and of the question, which may be empty."""
        keys = self.keys(chunks)
        keyed = dict(zip(keys, chunks, strict=True))
        found = self._read_carried(keyed)
        stored, failure = self._read_store({key: chunk for key, chunk in keyed.items() if key not in found})
        found |= stored
        missing = [key for key in keyed if key not in found]
        encodings, query = self._encode(keyed, missing, question)
        width = self._own.width([*encodings, query.encoding] if query else encodings)
        if foreign := [key for key, value in found.items() if value.dimensions != width]:
            log.warning("%d stored fingerprints of another width are computed anew", len(foreign))
            encodings = [*encodings, *self._encode(keyed, foreign)[0]]
            missing += foreign
        values = {}
        for key, encoding in zip(missing, encodings, strict=True):
            self._own.learn(key, len(encoding.ids))
            values[key] = self._to_bytes(keyed[key].text, encoding)
            found[key] = self._from_bytes(values[key], keyed[key].text)
        if values:
            failure = self.failsafe.write(list(values.items())) or failure
        decoded = dict(zip(found, decode([*found.values()]), strict=True))
        warm = sum(key not in values for key in keys)
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
        known = zip(keyed.items(), self.store.mget(list(keyed)), strict=True)
        missing = [key for (key, chunk), value in known if not self._fits(key, chunk, value)]
        encodings, _ = self._encode(keyed, missing)
        values = [self._to_bytes(keyed[k].text, e) for k, e in zip(missing, encodings, strict=True)]
        self.store.mset(list(zip(missing, values, strict=True)))
        return len(missing)

    def carry(self, chunks: Sequence[Chunk]) -> list[bytes]:
        """Return what each chunk is to carry, see `semtoken_rag.fingerprints.carried`, without the store.

        Parameters
        ----------
        chunks
            Chunks as a call will pass them: text and title are part of the key.

        Returns
        -------
        list of bytes
            One for each chunk.

        Raises
        ------
        Exception
            Whatever the encoder raises.
        """
        keys = self.keys(chunks)
        keyed = dict(zip(keys, chunks, strict=True))
        encodings, _ = self._encode(keyed, list(keyed))
        made = {
            key: to_carried(key, self._to_bytes(chunk.text, encoding))
            for (key, chunk), encoding in zip(keyed.items(), encodings, strict=True)
        }
        return [made[key] for key in keys]

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

    def _encode(
        self, keyed: Mapping[str, Chunk], keys: Sequence[str], question: str = ""
    ) -> tuple[list[Encoding], Query | None]:
        """Encode the chunks of some keys and a question, which may be empty."""
        texts, titles = [keyed[key].text for key in keys], [keyed[key].context for key in keys]
        return encode_call(self.encoder, texts, titles, question)

    def _fits(self, key: str, chunk: Chunk, value: bytes | None) -> bool:
        """Return whether a stored value is intact, and as the encoder would make it now."""
        if not is_intact(value):
            return False
        size, dimensions = shape(value)
        return self._own.is_size(key, chunk.text, size) and dimensions == self._own.width(())

    def _read_carried(self, keyed: Mapping[str, Chunk]) -> dict[str, Value]:
        """Return the fingerprints that chunks carry with them, by key."""
        found, faults = {}, []
        for key, chunk in keyed.items():
            if chunk.fingerprint is None:
                continue
            try:
                found[key] = self._checked(from_carried(chunk.fingerprint, key), key, chunk)
            except ValueError as error:
                faults.append(error)
        if faults:  # all of them, where an index was made with another encoder
            log.warning(
                "%d of %d carried fingerprints are computed anew, the first: %s",
                len(faults),
                len(faults) + len(found),
                faults[0],
            )
        return found

    def _read_store(self, keyed: Mapping[str, Chunk]) -> tuple[dict[str, Value], str | None]:
        if not keyed:
            return {}, None
        values, failure = self.failsafe.read(list(keyed))
        found = {}
        for (key, chunk), value in zip(keyed.items(), values, strict=True):
            try:
                if value is not None:
                    found[key] = self._checked(value, key, chunk)
            except ValueError as error:
                log.warning("a stored fingerprint is computed anew: %s", error)
        return found, failure

    def _checked(self, written: bytes, key: str, chunk: Chunk) -> Value:
        """Return a value of the chunk, as the encoder would make it; raise ValueError for any other."""
        value = self._from_bytes(written, chunk.text)
        if not self._own.is_size(key, chunk.text, value.size):
            raise ValueError(f"{value.size} tokens, as another version of the encoder cuts them")
        return value


class _OwnShapes:
    """The width of an encoder's vectors, and how many tokens it makes of texts: of keys seen before, known.

    A store may hold what another version of the encoder left under the same name.

    Parameters
    ----------
    encoder
        Asked for what is not known yet.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._width: int | None = None
        self._sizes: dict[str, int] = {}

    def width(self, encodings: Sequence[Encoding]) -> int:
        """Return the dimensions of the encoder's vectors, given what it has just returned."""
        if encodings:
            self._width = int(encodings[0].vectors.shape[1])
        elif self._width is None:
            ask = getattr(self._encoder, "encode_question", None)
            made = ask(ASKED) if ask else encode(self._encoder, [ASKED], [""])[0]
            self._width = int(made.vectors.shape[1])
        return self._width

    def learn(self, key: str, size: int) -> None:
        """Remember the number of tokens of a text."""
        if len(self._sizes) >= MOST_SIZES:
            self._sizes.clear()
        self._sizes[key] = size

    def is_size(self, key: str, text: str, size: int) -> bool:
        """Return whether the encoder makes so many tokens of a text; it counts those of a new key."""
        if (known := self._sizes.get(key)) is None:
            known = self._encoder.count(text)
            self.learn(key, known)
        return known == size


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
