"""BPE+Chunk: fixed chunks of tokens, of which the first tokens are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semtoken_rag.paper.runs import keep_best, word_ranges
from semtoken_rag.strategy.base import Problem
from semtoken_rag.types import Selection


@dataclass(frozen=True, slots=True)
class ChunkedStrategy:
    """Cut every text into chunks of ``size`` tokens and keep the same number of first tokens of each.

    This is the paper's own baseline (table 4, "BPE+Chunk (Ours)"), of which it gives only the name. Words
    stay whole, and a word belongs to the chunk in which it begins.

    Parameters
    ----------
    size
        Tokens of the encoder in a chunk.

    Raises
    ------
    ValueError
        If ``size`` is not an int of at least 1.
    """

    size: int = 64

    def __post_init__(self) -> None:
        if not isinstance(self.size, int) or self.size < 1:
            raise ValueError(f"size must be an int of at least 1, got {self.size!r}")

    def __call__(self, problem: Problem) -> Selection:
        """Select; see `semtoken_rag.strategy.Strategy`."""
        words, chunk = word_ranges(problem), problem.tokens.chunk
        place = words[:, 0] - np.searchsorted(chunk, chunk[words[:, 0]])  # (w,) in the text
        return keep_best(problem, words, {"score": -(place % self.size).astype(np.float32)})
