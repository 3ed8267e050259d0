"""Lead: the first units of the input, the baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semtoken_rag.strategy.base import Problem
from semtoken_rag.types import Selection


@dataclass(frozen=True, slots=True)
class LeadStrategy:
    """Keep units in source order while they fit: the baseline, and what a call that fails falls back to."""

    def __call__(self, problem: Problem) -> Selection:
        """Decide; see `Strategy`."""
        return problem.keep(-np.arange(len(problem.units), dtype=np.float32))
