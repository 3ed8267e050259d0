"""Entropy-Pruned: words of low information are dropped first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from semtoken_rag.paper.runs import keep_best, run_units, word_ranges
from semtoken_rag.stages.density import density
from semtoken_rag.strategy.base import Problem
from semtoken_rag.types import FloatArray, IntArray, Selection

Surprisal: TypeAlias = Callable[[str, IntArray], FloatArray]


@dataclass(frozen=True, slots=True)
class EntropyStrategy:
    """Drop the words whose most informative token has the least information.

    The paper cites "Ye et al., 2021" for "entropy-aware pruning" and does not say which entropy. The choice
    here: the surprisal of a language model if one is given, as in Selective Context, else the spread of the
    fingerprints in a window around the token, which is the paper's H without its clusters.

    Parameters
    ----------
    surprisal
        ``(text, offsets (n, 2)) -> (n,)``: surprisal of each token of a chunk, higher = keep. None takes the
        spread.
    """

    surprisal: Surprisal | None = None

    def __call__(self, problem: Problem) -> Selection:
        """Select; see `semtoken_rag.strategy.Strategy`."""
        words = word_ranges(problem)
        value = self._values(problem)
        score = np.maximum.reduceat(value, words[:, 0]) if len(words) else value
        return keep_best(problem, words, {"score": score.astype(np.float32)})

    def _values(self, problem: Problem) -> FloatArray:
        """Return the value of each token: (n,), higher = keep."""
        tokens = problem.tokens
        if self.surprisal is None:
            place = np.arange(len(tokens.ids))
            return density(tokens, run_units(problem, np.stack([place, place + 1], 1)))
        first = np.searchsorted(tokens.chunk, np.arange(len(problem.chunks) + 1))
        parts = [tokens.offsets[a:b] for a, b in pairwise(first)]
        texts = [chunk.text for chunk in problem.chunks]
        said = [self.surprisal(text, part) for text, part in zip(texts, parts, strict=True) if len(part)]
        return np.concatenate([*said, np.zeros(0)]).astype(np.float32)
