"""VQ-Tok: fingerprints are replaced by the codes of a codebook, and repeated codes are merged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semtoken_rag._internal.optional import require
from semtoken_rag.deadline import check
from semtoken_rag.paper.clusters import ranges
from semtoken_rag.paper.runs import keep_best, run_cost, word_ranges, word_vectors
from semtoken_rag.strategy.base import Problem
from semtoken_rag.types import FloatArray, IntArray, Selection

MOST = 1024  # codes, unless given: a round of k-means costs words x codes x dimensions


@dataclass(frozen=True, slots=True)
class VQStrategy:
    """Quantise the words of a call with a codebook of its own, and keep each code once before any twice.

    The paper cites "Ronen et al., 2023" for VQ-Tok and does not define it. The choice here: a codebook of
    spherical k-means over the call's words, made on one thread, so that the number of cores changes nothing.
    Adjacent words with the same code are a run, represented by its first word, and the first runs of all
    codes are kept before the second ones.

    Parameters
    ----------
    codes
        Size of the codebook; None takes the number of words that fit the budget, at most `MOST`.
    seed
        Seed of the first centroids.
    rounds
        Rounds of k-means.

    Raises
    ------
    ValueError
        If ``codes`` is neither an int of at least 1 nor None.
    ImportError
        If faiss is missing; the message names the extra.
    """

    codes: int | None = None
    seed: int = 0
    rounds: int = 10

    def __post_init__(self) -> None:
        if self.codes is not None and (not isinstance(self.codes, int) or self.codes < 1):
            raise ValueError(f"codes must be an int of at least 1 or None, got {self.codes!r}")
        require("faiss", extra="faiss")  # here, since the failures of a call are caught

    def __call__(self, problem: Problem) -> Selection:
        """Select; see `semtoken_rag.strategy.Strategy`."""
        words = word_ranges(problem)
        room = len(words) * problem.budget // max(1, int(run_cost(problem, words).sum()))
        codes = self.codes or min(max(1, room), MOST)
        code = self._quantise(word_vectors(problem, words), codes)
        chunk = problem.tokens.chunk[words[:, 0]]
        new = np.r_[True, (code[1:] != code[:-1]) | (chunk[1:] != chunk[:-1])][: len(words)]
        first = words[new]  # (m, 2) the first word of each run
        runs = ranges(first[:, 0], len(problem.tokens.ids))
        return keep_best(problem, runs, {"score": -_repeats(code[new])}, shown=first)

    def _quantise(self, vectors: FloatArray, codes: int) -> IntArray:
        """Return the code of each vector: (w, d) to (w,)."""
        codes = min(codes, len(vectors))
        if not codes:
            return np.zeros(0, np.int64)
        faiss = require("faiss", extra="faiss")
        book = faiss.Kmeans(
            vectors.shape[1],
            codes,
            niter=self.rounds,
            seed=self.seed,
            spherical=True,
            min_points_per_centroid=1,  # otherwise faiss warns of few words on stderr
        )
        # The last bit of a product depends on the threads that share it, and decides between equal words.
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            book.train(vectors)
            found: IntArray = book.index.search(vectors, 1)[1][:, 0]
        finally:
            faiss.omp_set_num_threads(threads)
        check()
        return found


def _repeats(code: IntArray) -> FloatArray:
    """Return how often each code occurs before its place: (m,).

    >>> _repeats(np.array([3, 1, 3, 3])).tolist()
    [0.0, 0.0, 1.0, 2.0]
    """
    order = np.argsort(code, kind="stable")
    out = np.empty(len(code), np.float32)
    out[order] = np.arange(len(code)) - np.searchsorted(code[order], code[order])
    return out
