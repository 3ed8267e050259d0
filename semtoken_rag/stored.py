"""Fingerprints that a store keeps: how they are read back, made where they are missing, and written down.

They do not depend on the question, so that they can be made once, when a document is indexed.
"""

from __future__ import annotations

import hashlib
import logging
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from semtoken_rag.encoders.base import Encoder, encode, encode_call
from semtoken_rag.fingerprints import Fingerprint, Read
from semtoken_rag.guarded import GuardedStore
from semtoken_rag.quantize import pack, rotate, unpack, width
from semtoken_rag.segment import Segment, Segmenter, segment
from semtoken_rag.store import FingerprintStore
from semtoken_rag.types import Chunk, Encoding, Query

log = logging.getLogger(__name__)

MAGIC = b"STF2"  # raise the number where the format or `segment` changes; part of every key
HEADER = struct.Struct("<4sIIIIH")  # magic, checksum, tokens, title tokens, segments, dimensions
TOKEN = np.dtype([("id", "<u4"), ("start", "<u4"), ("length", "<u4")])
SEGMENT = np.dtype([("start", "<u4"), ("end", "<u4"), ("parent", "<i4"), ("kind", "u1")])
KINDS = ("sentence", "row", "item", "code", "entry")


@dataclass(frozen=True, slots=True)
class StoredFingerprinter:
    """Reads fingerprints from a store, and computes and keeps those that are not there.

    What is computed goes through the stored form too, so that a result does not depend on what the store
    held. A store that fails is passed over, see `GuardedStore`; a damaged or foreign value is computed anew.

    Parameters
    ----------
    encoder, segmenter
        Who encodes and who cuts.
    store
        Holds the values.
    """

    encoder: Encoder
    store: FingerprintStore
    segmenter: Segmenter = segment
    guarded: GuardedStore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "guarded", GuardedStore(self.store))

    def read(self, chunks: Sequence[Chunk], question: str) -> Read:
        """Fingerprints of the chunks, those of the question, how many chunks the store knew, its failure."""
        keys = self.keys(chunks)
        found, failure = self._stored(dict(zip(keys, chunks, strict=True)))
        missing = {key: chunk for key, chunk in zip(keys, chunks, strict=True) if key not in found}
        warm = sum(key in found for key in keys)
        texts, titles = [c.text for c in missing.values()], [c.title for c in missing.values()]
        encodings, query = encode_call(self.encoder, texts, titles, question)
        values = {}
        for (key, chunk), encoding in zip(missing.items(), encodings, strict=True):
            values[key] = self._written(chunk.text, encoding)
            found[key] = self._read_back(values[key], chunk.text)
        if values:
            failure = self.guarded.write(list(values.items())) or failure
        if query:
            turned = replace(query.encoding, vectors=rotate(query.encoding.vectors))
            query = Query(query.text, turned)
        return [found[key] for key in keys], query, warm, failure

    def annotate(self, chunks: Sequence[Chunk]) -> int:
        """Fill the store with the fingerprints of those chunks that it lacks, and return how many it lacked.

        Raises
        ------
        Exception
            Whatever the store or the encoder raises: here, a failure is not passed over.
        """
        keyed = dict(zip(self.keys(chunks), chunks, strict=True))
        known = self.store.mget(list(keyed))
        missing = [key for key, value in zip(keyed, known, strict=True) if not _whole(value)]
        texts, titles = [keyed[key].text for key in missing], [keyed[key].title for key in missing]
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

    def _read_back(self, value: bytes, text: str) -> Fingerprint:
        read = from_bytes(value, text)
        return read if self._cuts_alike else replace(read, segments=self.segmenter(text))

    def _stored(self, keyed: dict[str, Chunk]) -> tuple[dict[str, Fingerprint], str | None]:
        values, failure = self.guarded.read(list(keyed))
        found = {}
        for (key, chunk), value in zip(keyed.items(), values, strict=True):
            try:
                if value is not None:
                    found[key] = self._read_back(value, chunk.text)
            except ValueError as error:
                log.warning("a stored fingerprint is computed anew: %s", error)
        return found, failure


def to_bytes(fingerprint: Fingerprint) -> bytes:
    """Write a fingerprint down: 12 bytes a token and 2 bits a dimension, after a checksum."""
    encoding = fingerprint.encoding
    n, t, d = len(encoding.ids), len(encoding.title_ids), encoding.vectors.shape[1]
    tokens, segments = np.zeros(n + t, TOKEN), np.zeros(len(fingerprint.segments), SEGMENT)
    tokens["id"] = np.concatenate([encoding.ids, encoding.title_ids])
    tokens["start"][:n] = encoding.offsets[:, 0]
    tokens["length"][:n] = encoding.offsets[:, 1] - encoding.offsets[:, 0]
    for row, s in zip(segments, fingerprint.segments, strict=True):
        row["start"], row["end"], row["parent"], row["kind"] = s.start, s.end, s.parent, KINDS.index(s.kind)
    codes = pack(np.concatenate([encoding.vectors, encoding.title_vectors]))
    body = b"".join((tokens.tobytes(), segments.tobytes(), codes.tobytes()))
    return HEADER.pack(MAGIC, zlib.crc32(body), n, t, len(segments), d) + body


def from_bytes(value: bytes, text: str) -> Fingerprint:
    """Read a fingerprint of ``text`` back; its vectors are turned, see `quantize`.

    Raises
    ------
    ValueError
        Where the value is damaged, of another format, or not of this text.
    """
    if not _whole(value):
        raise ValueError(f"{len(value)} bytes that are damaged or of another format")
    _, _, n, t, m, d = HEADER.unpack_from(value)
    sizes = [TOKEN.itemsize * (n + t), SEGMENT.itemsize * m, width(d) * (n + t)]
    if sum(sizes) + HEADER.size != len(value):
        raise ValueError(f"{len(value)} bytes where {sum(sizes) + HEADER.size} were announced")
    first, second = HEADER.size + sizes[0], HEADER.size + sizes[0] + sizes[1]
    tokens = np.frombuffer(value, TOKEN, n + t, HEADER.size)
    segments = np.frombuffer(value, SEGMENT, m, first)
    codes = np.frombuffer(value, np.uint8, sizes[2], second).reshape(n + t, width(d))
    vectors = unpack(codes, d)
    start = tokens["start"][:n].astype(np.int64)
    ids, end = tokens["id"].astype(np.int64), start + tokens["length"][:n]
    if max(end.max(initial=0), segments["end"].max(initial=0)) > len(text) or not _sound(segments):
        raise ValueError(f"a value that is not of this text of {len(text)} characters")
    encoding = Encoding(ids[:n], np.stack([start, end], 1), vectors[:n], ids[n:], vectors[n:])
    return Fingerprint(encoding, [Segment(a, b, KINDS[k], p) for a, b, p, k in segments.tolist()])


def _sound(segments: npt.NDArray[np.void]) -> bool:
    """Tell whether segments are of known kinds, in order, disjoint, and travel with earlier ones at most."""
    start, end, parent = (segments[name].astype(np.int64) for name in ("start", "end", "parent"))
    known = segments["kind"] < len(KINDS)
    ordered = (start < end) & (start >= np.r_[0, end[:-1]][: len(end)])
    return bool((known & ordered & (parent >= -1) & (parent < np.arange(len(parent)))).all())


def _whole(value: bytes | None) -> bool:
    """Tell whether a value is of this format and undamaged."""
    if value is None or len(value) < HEADER.size or value[:4] != MAGIC:
        return False
    return int(HEADER.unpack_from(value)[1]) == zlib.crc32(memoryview(value)[HEADER.size :])


@cache
def _format() -> bytes:
    """Return what else a value depends on: its format, and the segmenter that cut the text."""
    from importlib.metadata import version  # a fifth of the package's own import

    return MAGIC + version("sentencex").encode()


def _key(encoder: bytes, chunk: Chunk) -> str:
    digest = hashlib.blake2b(_format(), digest_size=20)
    for part in (
        encoder,
        chunk.title.encode("utf-8", "surrogatepass"),
        chunk.text.encode("utf-8", "surrogatepass"),
    ):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
