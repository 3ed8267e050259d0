"""A merger that is measured for comparison only: on a frozen reader, means of input embeddings do harm."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from semtoken_rag.llm.merge import RUN


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the run (merge of Algorithm 1, step 4).

    Parameters
    ----------
    run
        Tokens that one embedding stands for.
    """

    run: int = RUN

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the mean (r, d) of runs (r, run, d), whose mask (r, run) is False at padding."""
        weights = mask.float()
        share = (weights / weights.sum(-1, keepdim=True)).to(runs.dtype)
        return torch.einsum("rnd,rn->rd", runs, share)
