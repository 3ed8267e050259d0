"""The stored format of a fingerprint: 12 bytes a token and 2 bits a dimension, behind a header."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TypeGuard

import numpy as np
import numpy.typing as npt

from semtoken_rag.encoders.base import is_ordered
from semtoken_rag.encoders.quantize import Codes, pack, rotate, unpack, width
from semtoken_rag.fingerprints.base import Fingerprint
from semtoken_rag.structure.base import Segment
from semtoken_rag.types import Encoding, IntArray, Query

Records = npt.NDArray[np.void]

MAGIC = b"STF5"  # raise the number if the format or `segment` changes; part of every key
HEADER = struct.Struct("<4sIIIIH")  # magic, checksum, tokens, title tokens, segments, dimensions
TOKEN = np.dtype([("id", "<u4"), ("start", "<u4"), ("length", "<u4")])
SEGMENT = np.dtype([("start", "<u4"), ("end", "<u4"), ("parent", "<i4"), ("kind", "u1")])
KINDS = (
    "sentence", "row", "item", "code", "entry", "line", "heading", "lead", "caption", "header", "key",
    "speaker", "signature", "stamp", "limit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """A fingerprint whose vectors are in codes, as a store keeps it.

    Attributes
    ----------
    size
        Number n of tokens of the text; the t tokens after them are those of the title.
    dimensions
        Dimensions d of a vector.
    tokens : (n + t,) of `TOKEN`
        Token ids, starts and lengths in characters.
    codes : (n + t, width(d)) uint8
        Codes of the vectors, see `semtoken_rag.encoders.quantize`.
    segments
        Segments of the text, in order.
    """

    size: int
    dimensions: int
    tokens: Records
    codes: Codes
    segments: Sequence[Segment]

    @classmethod
    def of(cls, fingerprint: Fingerprint) -> Value:
        """Quantise a fingerprint."""
        encoding = fingerprint.encoding
        n, t, d = len(encoding.ids), len(encoding.title_ids), encoding.vectors.shape[1]
        tokens = np.zeros(n + t, TOKEN)
        tokens["id"] = np.concatenate([encoding.ids, encoding.title_ids])
        tokens["start"][:n] = encoding.offsets[:, 0]
        tokens["length"][:n] = encoding.offsets[:, 1] - encoding.offsets[:, 0]
        codes = pack(np.concatenate([encoding.vectors, encoding.title_vectors]))
        return cls(n, d, tokens, codes, fingerprint.segments)


def to_bytes(fingerprint: Fingerprint) -> bytes:
    """Return the stored form of a fingerprint."""
    value = Value.of(fingerprint)
    segments = np.zeros(len(value.segments), SEGMENT)
    for row, s in zip(segments, value.segments, strict=True):
        row["start"], row["end"], row["parent"], row["kind"] = s.start, s.end, s.parent, KINDS.index(s.kind)
    body = b"".join((value.tokens.tobytes(), segments.tobytes(), value.codes.tobytes()))
    n, t = value.size, len(value.tokens) - value.size
    return HEADER.pack(MAGIC, zlib.crc32(body), n, t, len(segments), value.dimensions) + body


def from_bytes(value: bytes, text: str) -> Value:
    """Read a stored value.

    Parameters
    ----------
    value
        What `to_bytes` returned.
    text
        The text that the value is of.

    Returns
    -------
    Value
        Its arrays are views of ``value``.

    Raises
    ------
    ValueError
        If the value is damaged, of another format, or of another text.
    """
    if not is_intact(value):
        raise ValueError(f"{len(value)} bytes that are damaged or of another format")
    _, _, n, t, m, d = HEADER.unpack_from(value)
    sizes = [TOKEN.itemsize * (n + t), SEGMENT.itemsize * m, width(d) * (n + t)]
    if sum(sizes) + HEADER.size != len(value):
        raise ValueError(f"{len(value)} bytes, but the header announces {sum(sizes) + HEADER.size}")
    first, second = HEADER.size + sizes[0], HEADER.size + sizes[0] + sizes[1]
    tokens = np.frombuffer(value, TOKEN, n + t, HEADER.size)
    segments = np.frombuffer(value, SEGMENT, m, first)
    codes = np.frombuffer(value, np.uint8, sizes[2], second).reshape(n + t, width(d))
    if not (is_ordered(_offsets(tokens[:n]), len(text)) and _are_valid(segments, len(text))):
        raise ValueError(f"a value that is not of this text of {len(text)} characters")
    return Value(n, d, tokens, codes, [Segment(a, b, KINDS[k], p) for a, b, p, k in segments.tolist()])


def decode(values: Sequence[Value]) -> list[Fingerprint]:
    """Decode the values of a call in one pass.

    The vectors of all texts lie end to end in one array, followed by those of all titles, so
    `Tokens.concatenate` copies none of them.

    Parameters
    ----------
    values
        Values of one encoder.

    Returns
    -------
    list of Fingerprint
        One for each value. Vectors stay rotated, see `semtoken_rag.encoders.quantize.rotate`.

    Raises
    ------
    ValueError
        If the values differ in their dimensions.
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


def rotate_question(query: Query | None) -> Query | None:
    """Rotate a question's vectors (q, d) as those of decoded values are."""
    if query is None:
        return None
    return replace(query, encoding=replace(query.encoding, vectors=rotate(query.encoding.vectors)))


def is_intact(value: bytes | None) -> TypeGuard[bytes]:
    """Return whether a value is of this format and undamaged."""
    if value is None or len(value) < HEADER.size or value[:4] != MAGIC:
        return False
    return int(HEADER.unpack_from(value)[1]) == zlib.crc32(memoryview(value)[HEADER.size :])


def shape(value: bytes) -> tuple[int, int]:
    """Return the number of tokens of the text and the dimensions of a vector of a value that is intact."""
    _, _, n, _, _, d = HEADER.unpack_from(value)
    return n, d


def _offsets(tokens: Records) -> IntArray:
    start = tokens["start"].astype(np.int64)
    return np.stack([start, start + tokens["length"]], 1)


def _are_valid(segments: Records, size: int) -> bool:
    """Return whether segments are of known kinds, in order, disjoint, and their parents come before them."""
    start, end, parent = segments["start"], segments["end"], segments["parent"]
    known = segments["kind"] < len(KINDS)
    apart = (start < end).all() and (start[1:] >= end[:-1]).all() and end.max(initial=0) <= size
    return bool(apart and (known & (parent >= -1) & (parent < np.arange(len(parent)))).all())
