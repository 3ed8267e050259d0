"""What one would do without a compressor, to compare with, on the same chunks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from semtoken_rag.stages.lexical import bm25, gram_counts
from semtoken_rag.strategy.base import Problem
from semtoken_rag.text.grams import grams, plain
from semtoken_rag.types import Selection


@dataclass(frozen=True, slots=True)
class BestSentences:
    """Keep the sentences and rows with the highest BM25, over n-grams of the question, and what they need."""

    def __call__(self, problem: Problem) -> Selection:
        """Decide; see `Strategy`."""
        wanted = grams(plain(problem.query.text)) if problem.query else []
        texts = [plain(problem.text(unit)) for unit in range(len(problem.units))]
        scores = np.zeros(len(texts), np.float32)
        if wanted and texts:
            scores = bm25(gram_counts(wanted, texts), np.array([len(text) for text in texts], np.float32))
        return problem.keep(scores)


def first_chunks(costs: Sequence[int], budget: int) -> int:
    """Return how many chunks are kept whole: the first ones, up to one that no longer fits the budget.

    >>> first_chunks([4, 3, 9, 1], 8)
    2
    """
    return bisect_right(list(accumulate(costs)), budget)
