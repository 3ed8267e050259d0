"""Array operations that the stages share: products, maxima and sums over runs of tokens."""

from __future__ import annotations

import numpy as np

from semtoken_rag.types import FloatArray, IntArray

ONE_THREAD = 250_000  # multiplications up to which BLAS stays on one thread
MANY = 64  # rows of the question above which its other threads are worth waking


def similarity(query: FloatArray, vectors: FloatArray) -> FloatArray:
    """Dot products of the rows: (q, d), (n, d) -> (q, n).

    Where the question has few rows, in blocks that BLAS multiplies on one thread: its other threads cost more
    to wake than they save, most of all while torch has the cores busy.
    """
    if len(query) > MANY:
        return query @ vectors.T
    step = max(1, ONE_THREAD // max(query.size, 1))
    out = np.empty((len(query), len(vectors)), np.float32)
    for start in range(0, len(vectors), step):
        out[:, start : start + step] = query @ vectors[start : start + step].T
    return out


def group_max(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Return the largest value of each group in every row.

    Parameters
    ----------
    values
        Values, (q, n).
    group
        Group of each column, (n,), sorted.
    groups
        Number of groups.

    Returns
    -------
    FloatArray
        The largest values, (q, groups), 0 if a group is empty.
    """
    out = np.zeros((values.shape[0], groups), np.float32)
    if values.shape[1]:
        first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
        out[:, group[first]] = np.maximum.reduceat(values, first, axis=1)
    return out


def range_sum(values: FloatArray, ranges: IntArray) -> FloatArray:
    """Sum of the rows in each range: (n, d), (m, 2) -> (m, d); four times as fast as ``np.add.reduceat``."""
    out = np.empty((len(ranges), values.shape[1]), np.float32)
    for row, (start, end) in zip(out, ranges.tolist(), strict=True):
        np.add.reduce(values[start:end], axis=0, out=row)
    return out


def members(ranges: IntArray) -> tuple[IntArray, IntArray]:
    """Rows that lie in the ranges (m, 2), in order, and the range of each: (n',), (n',).

    >>> [part.tolist() for part in members(np.array([[0, 2], [3, 4]]))]
    [[0, 1, 3], [0, 0, 1]]
    """
    length = ranges[:, 1] - ranges[:, 0]
    group = np.repeat(np.arange(len(ranges)), length)
    rows = np.arange(len(group)) + np.repeat(ranges[:, 0] - (np.cumsum(length) - length), length)
    return rows, group


def unit_length(vectors: FloatArray) -> FloatArray:
    """Scale the rows of (n, d) to length 1; rows of zeros stay zeros."""
    norm = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    norm[norm == 0] = 1.0
    scaled: FloatArray = vectors / norm[:, None]
    return scaled
