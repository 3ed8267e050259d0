"""The paper's clusters (Algorithm 1 steps 2 and 3), and the two short cuts of its section 3.5."""

from __future__ import annotations

import numpy as np

from semtoken_rag.arrays import range_sum
from semtoken_rag.types import FloatArray, IntArray

BAND = 8  # cosines ahead of every token that are computed at once; longer clusters are followed one by one
BLOCK = 64


def greedy_clusters(vectors: FloatArray, chunk: IntArray, tau: float, width: float = 0.0) -> IntArray:
    """Grow each cluster while the next token's cosine with the cluster's *first* token is above ``tau``.

    Algorithm 1 step 2. Its ``t <- j`` after a loop without a break would take the last token twice; here the
    next cluster begins at the first token that is in none.

    Parameters
    ----------
    vectors : (n, d) float
        Fingerprints of unit length.
    chunk : (n,) int
        Chunk of each token, sorted; no cluster crosses from one chunk into the next.
    tau
        Absolute cosine; at 1 every token stands alone, below -1 each chunk is one cluster.
    width
        Width of the bins that the cosines are sorted into first, see `bin_cosines`; 0 compares them as they are.

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
    """Ranges that begin at ``starts`` (m,) and cover ``n`` tokens: (m, 2).

    >>> ranges(np.array([0, 2]), 5).tolist()
    [[0, 2], [2, 5]]
    """
    return np.stack([starts, np.append(starts[1:], n)[: len(starts)]], 1).astype(np.int64)


def _follow(vectors: FloatArray, anchor: int, end: int, last: int, tau: float, width: float) -> int:
    """End of the cluster of ``anchor``, which reaches to ``end`` at least and to ``last`` at most."""
    while end < last:
        alike = bin_cosines(vectors[end : min(end + BLOCK, last)] @ vectors[anchor], width) > tau
        if not alike.all():
            return end + int(np.argmin(alike))
        end += len(alike)
    return end


def spread(vectors: FloatArray, clusters: IntArray) -> FloatArray:
    """Trace of the covariance of each cluster's fingerprints: (m,) float32 >= 0, higher = richer.

    The paper's H (3.1, Algorithm 1 step 3), as the mean squared distance from the mean: over the number of
    tokens, not over one less, so that a cluster of one token has 0. It is a spread, not an entropy.
    """
    length = clusters[:, 1] - clusters[:, 0]
    mean = (range_sum(vectors, clusters) / length[:, None]).astype(np.float32)
    away = vectors - np.repeat(mean, length, axis=0)  # (n, d)
    square = np.einsum("nd,nd->n", away, away)[:, None]
    out: FloatArray = (range_sum(square, clusters)[:, 0] / length).astype(np.float32)
    return out


def average_clusters(vectors: FloatArray, clusters: IntArray) -> FloatArray:
    """Replace each vector by the mean of its cluster: (n, d), (m, 2) -> (n, d); where merging takes it."""
    length = clusters[:, 1] - clusters[:, 0]
    mean = range_sum(vectors, clusters) / length[:, None].astype(np.float32)
    return np.repeat(mean, length, axis=0)


def importance(vectors: FloatArray, clusters: IntArray, query: FloatArray) -> FloatArray:
    """Cosine of each cluster's mean with the mean of the question's vectors (q, d): (m,), higher = keep.

    The paper's s_i (3.4), whose q_t of the generating model is replaced by the same encoder's view of the
    question: a cosine between two models' spaces means nothing.
    """
    sums, asked = range_sum(vectors, clusters), query.sum(0)
    norm = np.linalg.norm(sums, axis=1) * np.linalg.norm(asked)
    cosine: FloatArray = ((sums @ asked) / np.maximum(norm, 1e-9)).astype(np.float32)
    return cosine


def apply_stride(vectors: FloatArray, chunk: IntArray, stride: int) -> FloatArray:
    """Give every ``stride``-th token of a chunk its own vector, and the others that of the nearest one.

    The paper's stride-based fingerprints (3.5); of two that are equally near, the earlier.

    >>> apply_stride(np.arange(5.0)[:, None], np.zeros(5, int), 3)[:, 0].tolist()
    [0.0, 0.0, 3.0, 3.0, 3.0]
    """
    first, after = np.searchsorted(chunk, chunk), np.searchsorted(chunk, chunk, side="right")
    place = np.arange(len(chunk)) - first
    nearest = np.minimum((place + (stride - 1) // 2) // stride, (after - first - 1) // stride) * stride
    taken: FloatArray = vectors[first + nearest]
    return taken


def bin_cosines(cosine: FloatArray, width: float) -> FloatArray:
    """Replace each cosine by the middle of its bin, ``width / 2`` away at most; 0 leaves them as they are.

    The paper's histogram binning (3.5).

    >>> bin_cosines(np.array([0.71, 0.74, 0.76]), 0.1).round(2).tolist()
    [0.75, 0.75, 0.75]
    """
    if not width:
        return cosine
    middle: FloatArray = (np.floor(cosine / width) + 0.5) * width
    return middle
