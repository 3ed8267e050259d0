"""What stands for a run of tokens that is left out: nothing, one of them, or a mean of them.

Means of input embeddings are kept for comparison: on a frozen reader they do harm, see the README.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

RUN = 8  # tokens that one embedding stands for
ROUNDING = 1e-5  # sums of cosines that differ by less are the same


class Merger(Protocol):
    """What stands for a run of tokens. To add one, write ``run`` and ``merge``."""

    @property
    def run(self) -> int:
        """Tokens that one embedding stands for; 0: nothing stands for them."""

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Merge runs of input embeddings (r, run, d), whose mask (r, run) is False at padding: (r, d)."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing stands for what is left out: the text path, in embeddings."""

    run: int = 0

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """See `Merger`."""
        return runs[:, 0]


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the run (merge of Algorithm 1, step 4)."""

    run: int = RUN

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """See `Merger`."""
        return mean(runs, mask.float())


@dataclass(frozen=True, slots=True)
class Medoid:
    """One real token: the one whose embedding has the highest mean cosine with the run's others.

    Of tokens that are as close as each other, as any two are, it is the first.
    """

    run: int = RUN

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """See `Merger`."""
        unit = torch.nn.functional.normalize(runs.float(), dim=-1) * mask[..., None]
        closeness = torch.einsum("rid,rd->ri", unit, unit.sum(1)).masked_fill(~mask, -torch.inf)
        first = (closeness >= closeness.amax(-1, keepdim=True) - ROUNDING).int().argmax(-1)
        return runs[torch.arange(len(runs), device=runs.device), first]


@dataclass(frozen=True, slots=True)
class Weighted:
    """A mean by density, with the norm of a real token.

    A token weighs as much as it adds to the run's semantic entropy ``Tr Cov`` (3.2), in the reader's own
    embedding space.
    """

    run: int = RUN

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """See `Merger`."""
        spread = (runs - mean(runs, mask.float())[:, None]).float().square().sum(-1)  # (r, run)
        merged = mean(runs, torch.where(mask, spread + 1e-6, 0.0)).float()
        norm = (runs.float().norm(dim=-1) * mask).sum(-1) / mask.sum(-1)
        unit: torch.Tensor = torch.nn.functional.normalize(merged, dim=-1)
        scaled: torch.Tensor = (unit * norm[:, None]).to(runs.dtype)
        return scaled


def mean(runs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted mean of each run (r, run, d) by (r, run), which are not all 0: (r, d)."""
    share = (weights / weights.sum(-1, keepdim=True)).to(runs.dtype)
    return torch.einsum("rnd,rn->rd", runs, share)


def merge_tokens(embeddings: torch.Tensor, merger: Merger) -> tuple[torch.Tensor, torch.Tensor]:
    """Merge tokens run by run.

    Parameters
    ----------
    embeddings : (n, d)
        Input embeddings of what is left out.

    Returns
    -------
    (k, d)
        One embedding a run of ``merger.run`` tokens, the last run may be shorter.
    (k,) int
        The middle of each run, counted from the first token.

    Raises
    ------
    ValueError
        Where the merger returns another size than the reader's.
    """
    n, dim = embeddings.shape
    runs = -(-n // merger.run) if merger.run else 0
    if not runs:
        return embeddings[:0], torch.zeros(0, dtype=torch.long)
    padded = embeddings.new_zeros(runs * merger.run, dim)
    padded[:n] = embeddings
    mask = (torch.arange(runs * merger.run, device=embeddings.device) < n).view(runs, -1)
    merged = merger.merge(padded.view(runs, merger.run, dim), mask)
    if merged.shape != (runs, dim):
        raise ValueError(f"merged tokens must have shape {(runs, dim)}, got {tuple(merged.shape)}")
    first = torch.arange(runs) * merger.run
    return merged.to(embeddings.dtype), (first + (first + merger.run).clamp(max=n) - 1) // 2
