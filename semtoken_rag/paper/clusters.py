"""The paper's clusters (Algorithm 1, steps 2 and 3), and the two short cuts of section 3.5."""

from __future__ import annotations

import numpy as np

from semtoken_rag.arrays import range_sum
from semtoken_rag.types import FloatArray, IntArray

BAND = 8  # tokens after each token whose cosine is computed for all at once; longer clusters one by one
BLOCK = 64  # tokens compared at once while a longer cluster is followed


def greedy_clusters(vectors: FloatArray, chunk: IntArray, tau: float, width: float = 0.0) -> IntArray:
    """Grow each cluster while the next token's cosine with the cluster's *first* token is above ``tau``.

    This is Algorithm 1, step 2. As printed, ``t <- j`` after a loop without a break would take the last token
    twice; here the next cluster begins at the first token that is in none.

    Parameters
    ----------
    vectors
        Fingerprints (n, d) of unit length.
    chunk
        Chunk of each token, (n,) int, sorted; no cluster crosses from one chunk into the next.
    tau
        Absolute cosine; at 1 every token is a cluster, below -1 each chunk is one.
    width
        Width of the bins that cosines are sorted into first, see `bin_cosines`; 0 compares the cosines
        themselves.

    Returns
    -------
    (m, 2) int
        Token ranges in source order that cover all tokens.
    """
    n = len(vectors)
    after = np.searchsorted(chunk, chunk, side="right")  # (n,) end of the token's chunk
    reach = np.zeros(n, np.int64)  # similar tokens that follow in a row, up to BAND
    going = np.ones(n, bool)
    for step in range(1, min(BAND + 1, n)):
        cosine = np.einsum("nd,nd->n", vectors[:-step], vectors[step:])  # (n - step,)
        going[:-step] &= (bin_cosines(cosine, width) > tau) & (chunk[:-step] == chunk[step:])
        going[-step:] = False
        reach += going
    starts, at = [], 0
    while at < n:
        starts.append(at)
        end = at + 1 + int(reach[at])
        at = end if reach[at] < BAND else _follow(vectors, at, end, int(after[at]), tau, width)
    return ranges(np.array(starts, np.int64), n)


def ranges(starts: IntArray, n: int) -> IntArray:
    """Return the ranges (m, 2) that begin at ``starts`` (m,) and cover ``n`` tokens.

    >>> ranges(np.array([0, 2]), 5).tolist()
    [[0, 2], [2, 5]]
    """
    return np.stack([starts, np.append(starts[1:], n)[: len(starts)]], 1).astype(np.int64)


def _follow(vectors: FloatArray, anchor: int, end: int, last: int, tau: float, width: float) -> int:
    """Return the end of the cluster of ``anchor``: at least ``end``, at most ``last``."""
    while end < last:
        alike = bin_cosines(vectors[end : min(end + BLOCK, last)] @ vectors[anchor], width) > tau
        if not alike.all():
            return end + int(np.argmin(alike))
        end += len(alike)
    return end


def spread(vectors: FloatArray, clusters: IntArray) -> FloatArray:
    """Return the trace of the covariance of each cluster's fingerprints.

    This is the paper's H (3.1, Algorithm 1, step 3), the mean squared distance from the mean. It divides by
    the number of tokens, not by one less, so a cluster of one token has 0. It is a spread, not an entropy.

    Parameters
    ----------
    vectors
        Fingerprints (n, d).
    clusters
        Token ranges (m, 2).

    Returns
    -------
    (m,) float32
        At least 0, higher = richer.
    """
    length = clusters[:, 1] - clusters[:, 0]
    mean = (range_sum(vectors, clusters) / length[:, None]).astype(np.float32)
    away = vectors - np.repeat(mean, length, axis=0)  # (n, d)
    square = np.einsum("nd,nd->n", away, away)[:, None]
    out: FloatArray = (range_sum(square, clusters)[:, 0] / length).astype(np.float32)
    return out


def average_clusters(vectors: FloatArray, clusters: IntArray) -> FloatArray:
    """Replace each vector by the mean of its cluster: vectors (n, d), clusters (m, 2) to (n, d)."""
    length = clusters[:, 1] - clusters[:, 0]
    mean = range_sum(vectors, clusters) / length[:, None].astype(np.float32)
    return np.repeat(mean, length, axis=0)


def importance(vectors: FloatArray, clusters: IntArray, query: FloatArray) -> FloatArray:
    """Return the cosine of each cluster's mean with the mean of the question's vectors.

    This is the paper's s_i (3.4). Its q_t is a vector of the generating model; here the question's vectors
    come from the same encoder, since a cosine between the spaces of two models means nothing.

    Parameters
    ----------
    vectors
        Fingerprints (n, d).
    clusters
        Token ranges (m, 2).
    query
        Vectors of the question (q, d).

    Returns
    -------
    (m,) float32
        Higher = keep.
    """
    sums, asked = range_sum(vectors, clusters), query.sum(0)
    norm = np.linalg.norm(sums, axis=1) * np.linalg.norm(asked)
    cosine: FloatArray = ((sums @ asked) / np.maximum(norm, 1e-9)).astype(np.float32)
    return cosine


def apply_stride(vectors: FloatArray, chunk: IntArray, stride: int) -> FloatArray:
    """Replace each vector by that of the nearest of every ``stride``-th token of the chunk.

    These are the paper's stride-based fingerprints (3.5).

    Parameters
    ----------
    vectors
        Fingerprints (n, d).
    chunk
        Chunk of each token, (n,) int, sorted.
    stride
        At least 1.

    Returns
    -------
    (n, d) float
        Of two tokens that are equally near, the earlier one gives its vector.

    Examples
    --------
    >>> apply_stride(np.arange(5.0)[:, None], np.zeros(5, int), 3)[:, 0].tolist()
    [0.0, 0.0, 3.0, 3.0, 3.0]
    """
    first, after = np.searchsorted(chunk, chunk), np.searchsorted(chunk, chunk, side="right")
    place = np.arange(len(chunk)) - first
    nearest = np.minimum((place + (stride - 1) // 2) // stride, (after - first - 1) // stride) * stride
    taken: FloatArray = vectors[first + nearest]
    return taken


def bin_cosines(cosine: FloatArray, width: float) -> FloatArray:
    """Replace each cosine by the middle of its bin, at most ``width / 2`` away; width 0 changes none.

    This is the paper's histogram binning (3.5).

    >>> bin_cosines(np.array([0.71, 0.74, 0.76]), 0.1).round(2).tolist()
    [0.75, 0.75, 0.75]
    """
    if not width:
        return cosine
    middle: FloatArray = (np.floor(cosine / width) + 0.5) * width
    return middle
