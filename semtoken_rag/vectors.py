"""Compression of any sequence of vectors: repeats are merged, and the most relevant and densest stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from semtoken_rag._internal.checks import check_positive
from semtoken_rag.arrays import similarity, unit_length
from semtoken_rag.stages.density import density
from semtoken_rag.types import FloatArray, IntArray, Tokens, Units

TAU = 0.95  # cosine above which one vector represents another
BLOCK = 16  # anchors compared with all vectors at once


@dataclass(frozen=True, slots=True)
class CompressedVectors:
    """The result of `compress_vectors`.

    Attributes
    ----------
    kept : (k,) int
        Indices of the vectors that are kept, in increasing order.
    merged_into : (n,) int
        For each vector, the index of the kept vector that represents it: its own if it is kept, -1 if no kept
        vector does.
    """

    kept: IntArray
    merged_into: IntArray


def compress_vectors(
    vectors: Any,
    query_vector: Any,
    budget: int,
    *,
    grid: tuple[int, int] | None = None,
    tau: float = TAU,
) -> CompressedVectors:
    """Keep what matters for ``query_vector`` of ``vectors``, at most ``budget`` of them.

    A vector is merged into the first earlier one whose cosine with it is above ``tau``, its anchor. This is
    step 2 of Algorithm 1 (`semtoken_rag.paper.clusters.greedy_clusters`) without the rule that the two are
    adjacent. Anchors are kept first: by relevance, the highest cosine with one of the query's vectors, and
    then by density, the spread of a window around the vector; an anchor has the best values of its group. If
    budget is left, merged vectors are kept as well: by relevance, and then the least similar to the mean of
    all vectors first, since the mean is close to what recurs most, such as the background of an image.

    Parameters
    ----------
    vectors
        An array-like (n, d) of finite numbers, in reading order. Lengths do not matter; vectors of length 0
        are all alike.
    query_vector
        An array-like (d,) or (q, d) in the same space; None selects by density alone.
    budget
        Most vectors to keep, at least 1. If ``n`` is not more, all are kept and none is merged.
    grid
        Rows and columns, if the vectors are the cells of a grid row by row, such as the patches of an image:
        density then counts neighbours in both directions.
    tau
        Cosine in [0, 1).

    Returns
    -------
    CompressedVectors
        The same for the same input.

    Raises
    ------
    ValueError
        If a shape or a value is out of range; the message has the value received.

    Examples
    --------
    >>> found = compress_vectors([[1, 0], [1, 0], [0, 1], [1, 0]], None, 2)
    >>> found.kept.tolist(), found.merged_into.tolist()
    ([0, 2], [0, 0, 2, 0])
    """
    rows = _matrix("vectors", vectors)
    n, d = rows.shape
    asked = None if query_vector is None else _query(query_vector, d)
    _check(n, budget, grid, tau)
    every = np.arange(n)
    if budget >= n:
        return CompressedVectors(every, every)
    unit = unit_length(rows)
    anchor = find_anchors(np.c_[unit, ~rows.any(1)], tau)  # a column that makes vectors of length 0 alike
    relevance = np.zeros(n, np.float32) if asked is None else similarity(asked, unit).max(0)
    unlike = -similarity(unit.mean(0, keepdims=True), unit)[0]
    kept = np.sort(_order(anchor, relevance, _density(unit, grid), unlike)[:budget])
    merged_into = np.where(np.isin(anchor, kept), anchor, -1)
    merged_into[kept] = kept
    return CompressedVectors(kept, merged_into)


def find_anchors(vectors: FloatArray, tau: float) -> IntArray:
    """Return the index (n,) of each vector's anchor: the first vector that it is merged into, or itself.

    The vectors (n, d) have unit length; they are merged if their cosine is above ``tau``.

    >>> find_anchors(np.array([[1, 0], [0, 1], [1, 0]], np.float32), 0.9).tolist()
    [0, 1, 0]
    """
    anchor = np.full(len(vectors), -1, np.int64)
    while len(left := np.flatnonzero(anchor < 0)):
        block = left[:BLOCK]
        alike = similarity(vectors[block], vectors[left]) > tau  # (b, l)
        for first, row in zip(block.tolist(), alike, strict=True):
            if anchor[first] < 0:
                anchor[left[row & (anchor[left] < 0)]] = first
                anchor[first] = first
    return anchor


def _order(anchor: IntArray, relevance: FloatArray, dense: FloatArray, unlike: FloatArray) -> IntArray:
    """Return the indices (n,) of the vectors, best first: anchors, then merged ones."""
    for value in (relevance, dense):  # an anchor has the best value of its group
        np.maximum.at(value, anchor, value)
    merged = anchor != np.arange(len(anchor))
    order: IntArray = np.lexsort((np.where(merged, -unlike, -dense), -relevance, merged))
    return order


def _density(unit: FloatArray, grid: tuple[int, int] | None) -> FloatArray:
    """Return the density (n,) of a window around each vector; in a grid, the higher of row and column."""
    n = len(unit)
    rows, columns = grid or (1, n)
    across = _windows(unit, np.repeat(np.arange(rows), columns))
    if grid is None:
        return across
    turned = np.arange(n).reshape(grid).T.ravel()  # column by column
    down = np.empty_like(across)
    down[turned] = _windows(unit[turned], np.repeat(np.arange(columns), rows))
    return np.maximum(across, down)


def _windows(unit: FloatArray, line: IntArray) -> FloatArray:
    """Return the `density` of each vector as a unit; no window crosses into another ``line`` (n,)."""
    n, none = len(unit), np.zeros(0, np.int64)
    pairs = np.zeros((n, 2), np.int64)
    tokens = Tokens(np.arange(n), pairs, unit, line, none, unit[:0], none)
    own = np.stack([np.arange(n), np.arange(n) + 1], 1)
    return density(tokens, Units(pairs, own, line, np.full(n, -1), ("vector",) * n))


def _matrix(name: str, values: Any) -> FloatArray:
    """Return values as an (n, d) array; raise a ValueError if they are not finite numbers of that shape."""
    try:
        found = np.asarray(values, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers of shape (n, d), got {values!r:.80}") from error
    if found.ndim != 2 or not found.shape[1]:
        raise ValueError(f"{name} must have shape (n, d), got {found.shape}")
    if len(bad := np.argwhere(~np.isfinite(found))):
        row, column = bad[0].tolist()
        raise ValueError(f"{name} must be finite, got {found[row, column]} at {(row, column)}")
    return found


def _query(values: Any, d: int) -> FloatArray:
    """Return the query's vectors (q, d), of unit length."""
    found = _matrix("query_vector", np.atleast_2d(values))
    if not len(found) or found.shape[1] != d:
        raise ValueError(f"query_vector must have shape ({d},) or (q, {d}), got {np.shape(values)}")
    return unit_length(found)


def _check(n: int, budget: int, grid: tuple[int, int] | None, tau: float) -> None:
    check_positive("budget", budget)
    if grid is not None and (len(grid) != 2 or min(grid) < 1 or grid[0] * grid[1] != n):
        raise ValueError(f"grid must be (rows, columns) of {n} vectors, got {grid!r}")
    if not 0 <= tau < 1:
        raise ValueError(f"tau must be in [0, 1), got {tau!r}")
