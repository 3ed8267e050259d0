"""TofuTok: in each round the most similar adjacent pairs are merged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semtoken_rag.arrays import range_sum, unit_length
from semtoken_rag.deadline import check
from semtoken_rag.paper.clusters import ranges
from semtoken_rag.paper.runs import keep_best, run_cost, word_ranges, word_vectors
from semtoken_rag.strategy.base import Problem
from semtoken_rag.types import FloatArray, IntArray, Selection


@dataclass(frozen=True, slots=True)
class TofuStrategy:
    """Merge words round by round until the words that represent the groups fit the budget.

    The paper cites "Fu et al., 2021" for TofuTok and does not define it. The choice here: the bipartite
    merging known from vision transformers (Bolya et al., arXiv 2210.09461), between neighbours only, since
    text keeps its order. Every second group may join its left or its right neighbour, whichever is more
    similar, and the most similar pairs of a round are merged. A group is represented by the word that is most
    similar to its mean.

    Parameters
    ----------
    share
        Pairs merged in a round, as a share of the call's words, in (0, 0.5]; the same number in each round,
        fewer in the last.

    Raises
    ------
    ValueError
        If ``share`` is out of range.
    """

    share: float = 1 / 16

    def __post_init__(self) -> None:
        if not 0 < self.share <= 0.5:
            raise ValueError(f"share must be in (0, 0.5], got {self.share!r}")

    def __call__(self, problem: Problem) -> Selection:
        """Select; see `semtoken_rag.strategy.Strategy`."""
        words = word_ranges(problem)
        vectors, cost = word_vectors(problem, words), run_cost(problem, words)
        chunk = problem.tokens.chunk[words[:, 0]]
        most = max(1, int(self.share * len(words)))
        groups = ranges(np.arange(len(words)), len(words))  # (g, 2) ranges of words
        stand = groups[:, 0]
        while (excess := int(cost[stand].sum()) - problem.budget) > 0:
            check()
            merged = merge_round(vectors, groups, chunk, min(most, excess))
            if len(merged) == len(groups):
                break
            groups = merged
            stand = representatives(vectors, groups)
        size = (groups[:, 1] - groups[:, 0]).astype(np.float32)
        runs = ranges(words[groups[:, 0], 0], len(problem.tokens.ids))
        return keep_best(problem, runs, {"score": size}, shown=words[stand])


def merge_round(vectors: FloatArray, groups: IntArray, chunk: IntArray, most: int) -> IntArray:
    """Merge at most ``most`` pairs of neighbours.

    Parameters
    ----------
    vectors
        Vectors of the words (w, d), of unit length.
    groups
        Ranges of words (g, 2) that cover all words, in source order.
    chunk
        Chunk of each word (w,); no group crosses from one chunk into the next.
    most
        Most pairs to merge.

    Returns
    -------
    (g', 2) int
        The groups after the round, in source order.
    """
    mean = unit_length(range_sum(vectors, groups))
    alike = np.einsum("gd,gd->g", mean[:-1], mean[1:])  # (g - 1,) of each group and the next
    inner = chunk[groups[:-1, 0]] == chunk[groups[1:, 0]]
    edge = np.r_[-np.inf, np.where(inner, alike, -np.inf), -np.inf]  # (g + 1,) before and after each group
    even = np.arange(0, len(groups), 2)
    left, right = edge[even], edge[even + 1]
    border, value = np.where(left >= right, even, even + 1), np.maximum(left, right)
    best = np.argsort(-value, kind="stable")[:most]
    starts = np.ones(len(groups) + 1, bool)
    starts[border[best[value[best] > -np.inf]]] = False
    return ranges(groups[starts[:-1], 0], len(vectors))


def representatives(vectors: FloatArray, groups: IntArray) -> IntArray:
    """Return the word of each group that is most similar to its mean, the first of equals: (g, 2) to (g,)."""
    group = np.repeat(np.arange(len(groups)), groups[:, 1] - groups[:, 0])
    alike = np.einsum("wd,wd->w", vectors, range_sum(vectors, groups)[group])
    order = np.lexsort((-alike, group))  # sorts by group, then by likeness; stable
    found: IntArray = order[groups[:, 0]]
    return found
