"""The stages on any sequence of vectors: repeats fold into one, and the densest and most relevant stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from semtoken_rag.arrays import similarity, unit_length
from semtoken_rag.stages.density import density
from semtoken_rag.types import FloatArray, IntArray, Tokens, Units

TAU = 0.95  # cosine above which one vector stands for another
BLOCK = 16  # find_anchors compared with all vectors at once


@dataclass(frozen=True, slots=True)
class CompressedVectors:
    """What is left of a sequence of vectors.

    Attributes
    ----------
    kept : (k,) int
        Indices of the vectors that are kept, rising.
    merged_into : (n,) int
        Which kept index stands for each vector, itself for one that is kept; -1 where none does.
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

    A vector folds into the first one before it whose cosine with it is above ``tau``: Algorithm 1's step 2
    (`semtoken_rag.paper.clusters.greedy_clusters`), but wherever the two stand. What does not fold comes
    first, by relevance, the best cosine with the query's vectors, and then by density, the spread of a
    window around it. What the budget leaves goes to the folded, by relevance and then by how unlike they are to the mean
    of all, which is most like what recurs most, such as the background of an image.

    Parameters
    ----------
    vectors : (n, d) float
        In reading order. Lengths do not count; vectors of length 0 are alike.
    query_vector : (d,) or (q, d) float, or None
        Of the same space; None goes by density alone.
    budget
        Vectors to keep at most, at least 1; where ``n`` is not more, all are kept and none folds.
    grid
        Rows and columns that the vectors fill row by row, as an image's patches do: density then counts
        neighbours in both directions.
    tau
        In [0, 1).

    Returns
    -------
    CompressedVectors
        The same for the same input.

    Raises
    ------
    ValueError
        With what was received.

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
    """Find the first vector that each of (n, d) folds into, itself for one that folds into none: (n,).

    The vectors have length 1; a cosine above ``tau`` is alike.

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
    """Vectors (n,) best first: find_anchors, then what folds."""
    for value in (relevance, dense):  # an anchor is worth what the best of its group is
        np.maximum.at(value, anchor, value)
    folds = anchor != np.arange(len(anchor))
    order: IntArray = np.lexsort((np.where(folds, -unlike, -dense), -relevance, folds))
    return order


def _density(unit: FloatArray, grid: tuple[int, int] | None) -> FloatArray:
    """Density (n,) of a window around each vector; with a grid, the higher of its row's and its column's."""
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
    """`density` of every vector as a unit of its own; no window leaves its ``line`` (n,)."""
    n, none = len(unit), np.zeros(0, np.int64)
    pairs = np.zeros((n, 2), np.int64)
    tokens = Tokens(np.arange(n), pairs, unit, line, none, unit[:0], none)
    own = np.stack([np.arange(n), np.arange(n) + 1], 1)
    return density(tokens, Units(pairs, own, line, np.full(n, -1), ("vector",) * n))


def _matrix(name: str, values: Any) -> FloatArray:
    """Check an (n, d) array of finite numbers."""
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
    """Query vectors of unit length: (q, d)."""
    found = _matrix("query_vector", np.atleast_2d(values))
    if not len(found) or found.shape[1] != d:
        raise ValueError(f"query_vector must have shape ({d},) or (q, {d}), got {np.shape(values)}")
    return unit_length(found)


def _check(n: int, budget: int, grid: tuple[int, int] | None, tau: float) -> None:
    if isinstance(budget, bool) or not isinstance(budget, int | np.integer) or budget < 1:
        raise ValueError(f"budget must be an int of at least 1, got {budget!r}")
    if grid is not None and (len(grid) != 2 or min(grid) < 1 or grid[0] * grid[1] != n):
        raise ValueError(f"grid must be (rows, columns) of {n} vectors, got {grid!r}")
    if not 0 <= tau < 1:
        raise ValueError(f"tau must be in [0, 1), got {tau!r}")
