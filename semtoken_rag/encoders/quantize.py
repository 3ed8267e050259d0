"""Quantisation of unit vectors to two bits a dimension: a fixed rotation, then one of four levels.

After a random rotation the coordinates of any unit vector of d dimensions are nearly Gaussian with standard
deviation 1 / sqrt(d). The four levels that are best for a Gaussian (Lloyd-Max) therefore fit every encoder
without training. The rotation is that of TurboQuant (arXiv 2504.19874), but in blocks: those of 64
dimensions in a random order keep as much as one of all and take a quarter of the time. Vectors of few
dimensions, in which two bits would lose too much, stay as they are.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from semtoken_rag.types import FloatArray, IntArray

Codes = npt.NDArray[np.uint8]

LEVELS = np.array([-1.5104, -0.4528, 0.4528, 1.5104], np.float32)
EDGE = np.float32(0.9816)  # between the inner and the outer level
BLOCK = 64  # dimensions that are rotated together
FEW = 64  # dimensions below which vectors are not quantised
PER_BYTE = 4
ROWS = 1024  # that are coded at a time, which bounds the memory for their copies
SHIFT = 2 * np.arange(PER_BYTE, dtype=np.uint8)


@cache
def rotation(d: int) -> tuple[IntArray, list[FloatArray]]:
    """Return the rotation of vectors of ``d`` dimensions: an order (d,) of them, a matrix for each block."""
    dice = np.random.default_rng(d)
    sizes = [min(BLOCK, d - start) for start in range(0, d, BLOCK)]
    turns = [np.linalg.qr(dice.standard_normal((size, size)))[0].astype(np.float32) for size in sizes]
    return dice.permutation(d), turns


def rotate(vectors: FloatArray) -> FloatArray:
    """Rotate vectors (n, d), unless they have `FEW` dimensions; cosines between them stay what they were."""
    if vectors.shape[1] < FEW:
        return vectors
    order, turns = rotation(vectors.shape[1])
    mixed, out = vectors[:, order], np.empty_like(vectors)
    for start, turn in zip(range(0, len(order), BLOCK), turns, strict=True):
        np.matmul(mixed[:, start : start + BLOCK], turn, out=out[:, start : start + BLOCK])
    return out


def rotate_back(vectors: FloatArray) -> FloatArray:
    """Undo `rotate`."""
    if vectors.shape[1] < FEW:
        return vectors
    order, turns = rotation(vectors.shape[1])
    out = np.empty_like(vectors)
    for start, turn in zip(range(0, len(order), BLOCK), turns, strict=True):
        out[:, order[start : start + BLOCK]] = vectors[:, start : start + BLOCK] @ turn.T
    return out


def width(d: int) -> int:
    """Return the bytes of one vector of ``d`` dimensions."""
    return 4 * d if d < FEW else -(-d // PER_BYTE)


def pack(vectors: FloatArray) -> Codes:
    """Rotate unit vectors (n, d) and code them: (n, `width` (d)) uint8."""
    n, d = vectors.shape
    if d < FEW:
        return np.ascontiguousarray(vectors, "<f4").view(np.uint8)
    codes = np.empty((n, width(d)), np.uint8)
    for start in range(0, n, ROWS):
        codes[start : start + ROWS] = _codes(vectors[start : start + ROWS])
    return codes


def _codes(vectors: FloatArray) -> Codes:
    d = vectors.shape[1]
    turned = rotate(vectors) * np.float32(d**0.5)
    level = (turned > 0).astype(np.uint8) + (turned > -EDGE) + (turned > EDGE)  # (n, d) in 0..3
    if d % PER_BYTE:
        level = np.pad(level, ((0, 0), (0, width(d) * PER_BYTE - d)))
    codes: Codes = level[:, ::PER_BYTE].copy()
    for place in range(1, PER_BYTE):
        codes |= level[:, place::PER_BYTE] << SHIFT[place]
    return codes


def unpack(codes: Codes, d: int) -> FloatArray:
    """Decode codes (n, `width` (d)) to rotated vectors (n, d) of unit length."""
    if d < FEW:
        return np.ascontiguousarray(codes).view("<f4").astype(np.float32)
    levels, squares = _tables()
    values = np.empty((len(codes), width(d) * PER_BYTE), np.float32)
    out = values.reshape(*codes.shape, PER_BYTE)
    np.take(levels, codes, axis=0, out=out, mode="clip")  # codes are in range; "raise" would copy
    values = values[:, :d] if d % PER_BYTE else values
    length = np.sqrt(np.take(squares, codes).sum(1)) if d % PER_BYTE == 0 else np.linalg.norm(values, axis=1)
    values *= (1 / np.maximum(length, 1e-9))[:, None]
    return values


def restore(codes: Codes, d: int) -> FloatArray:
    """Decode codes and undo the rotation: vectors (n, d) of unit length, close to those given to `pack`."""
    return rotate_back(unpack(codes, d))


@cache
def _tables() -> tuple[FloatArray, FloatArray]:
    """Return the four levels of each byte (256, 4), and the sum of their squares (256,)."""
    levels: FloatArray = LEVELS[np.arange(256)[:, None] >> SHIFT & 3]
    return levels, np.square(levels).sum(1)
