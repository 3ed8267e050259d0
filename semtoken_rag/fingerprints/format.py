"""A fingerprint in bytes: 12 a token and 2 bits a dimension, behind a header with a checksum."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from semtoken_rag.encoders.base import ordered
from semtoken_rag.encoders.quantize import Codes, pack, unpack, width
from semtoken_rag.fingerprints.compute import Fingerprint
from semtoken_rag.stages.segment import Segment
from semtoken_rag.types import Encoding, IntArray

Records = npt.NDArray[np.void]

MAGIC = b"STF3"  # raise the number where the format or `segment` changes; part of every key
HEADER = struct.Struct("<4sIIIIH")  # magic, checksum, tokens, title tokens, segments, dimensions
TOKEN = np.dtype([("id", "<u4"), ("start", "<u4"), ("length", "<u4")])
SEGMENT = np.dtype([("start", "<u4"), ("end", "<u4"), ("parent", "<i4"), ("kind", "u1")])
KINDS = (
    "sentence", "row", "item", "code", "entry", "line", "heading", "lead", "caption", "header", "key",
    "speaker", "signature", "stamp",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """A value that was read and found sound, its vectors still in codes.

    Attributes
    ----------
    size
        Tokens of the text, n; the others are its title's, t.
    dimensions
        Of a vector, d.
    tokens : (n + t,) of `TOKEN`
    codes : (n + t, width(d)) uint8
    segments
        Those of the text.
    """

    size: int
    dimensions: int
    tokens: Records
    codes: Codes
    segments: Sequence[Segment]


def to_bytes(fingerprint: Fingerprint) -> bytes:
    """Write a fingerprint down."""
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


def from_bytes(value: bytes, text: str) -> Value:
    """Read what `to_bytes` wrote of ``text``.

    Raises
    ------
    ValueError
        Where the value is damaged, of another format, or not of this text.
    """
    if not whole(value):
        raise ValueError(f"{len(value)} bytes that are damaged or of another format")
    _, _, n, t, m, d = HEADER.unpack_from(value)
    sizes = [TOKEN.itemsize * (n + t), SEGMENT.itemsize * m, width(d) * (n + t)]
    if sum(sizes) + HEADER.size != len(value):
        raise ValueError(f"{len(value)} bytes where {sum(sizes) + HEADER.size} were announced")
    first, second = HEADER.size + sizes[0], HEADER.size + sizes[0] + sizes[1]
    tokens = np.frombuffer(value, TOKEN, n + t, HEADER.size)
    segments = np.frombuffer(value, SEGMENT, m, first)
    codes = np.frombuffer(value, np.uint8, sizes[2], second).reshape(n + t, width(d))
    if not (ordered(_offsets(tokens[:n]), len(text)) and _sound(segments, len(text))):
        raise ValueError(f"a value that is not of this text of {len(text)} characters")
    return Value(n, d, tokens, codes, [Segment(a, b, KINDS[k], p) for a, b, p, k in segments.tolist()])


def decode(values: Sequence[Value]) -> list[Fingerprint]:
    """Decode the values of a call in one pass; the vectors stay turned, see `quantize`.

    The texts' vectors lie end to end in one array, and after them the titles', so that `Tokens.concatenate`
    copies none.

    Raises
    ------
    ValueError
        Where they are not all of the same dimensions.
    """
    if not values:
        return []
    parts = [(v, slice(v.size)) for v in values] + [(v, slice(v.size, None)) for v in values]
    tokens = np.concatenate([v.tokens[part] for v, part in parts])
    vectors = unpack(np.concatenate([v.codes[part] for v, part in parts]), values[0].dimensions)
    ids, offsets = tokens["id"].astype(np.int64), _offsets(tokens)
    cuts = [slice(*at) for at in pairwise(accumulate((len(v.tokens[part]) for v, part in parts), initial=0))]
    return [
        Fingerprint(Encoding(ids[a], offsets[a], vectors[a], ids[b], vectors[b]), v.segments)
        for v, a, b in zip(values, cuts, cuts[len(values) :], strict=False)
    ]


def whole(value: bytes | None) -> bool:
    """Tell whether a value is of this format and undamaged."""
    if value is None or len(value) < HEADER.size or value[:4] != MAGIC:
        return False
    return int(HEADER.unpack_from(value)[1]) == zlib.crc32(memoryview(value)[HEADER.size :])


def _offsets(tokens: Records) -> IntArray:
    start = tokens["start"].astype(np.int64)
    return np.stack([start, start + tokens["length"]], 1)


def _sound(segments: Records, size: int) -> bool:
    """Tell whether segments are of known kinds, in order, disjoint, and travel with earlier ones at most."""
    start, end, parent = segments["start"], segments["end"], segments["parent"]
    known = segments["kind"] < len(KINDS)
    apart = (start < end).all() and (start[1:] >= end[:-1]).all() and end.max(initial=0) <= size
    return bool(apart and (known & (parent >= -1) & (parent < np.arange(len(parent)))).all())
