"""Mergers: the embedding that stands for a run of tokens that is left out, if any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

RUN = 8  # tokens that one embedding stands for
ROUNDING = 1e-5  # sums of cosines that differ by less are the same


class Merger(Protocol):
    """Merges runs of input embeddings into one each. To add one, write ``run`` and ``merge``."""

    @property
    def run(self) -> int:
        """Tokens that one embedding stands for; 0: none stands for them."""

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Merge runs of tokens.

        Parameters
        ----------
        runs
            Input embeddings (r, run, d) of the reader.
        mask
            Mask (r, run) bool, False at padding.

        Returns
        -------
        (r, d)
            One embedding a run.
        """


@dataclass(frozen=True, slots=True)
class Drop:
    """No embedding stands for what is left out: mode ``text``, in embeddings."""

    run: int = 0

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the first token (r, d) of runs (r, run, d); never asked, since ``run`` is 0."""
        return runs[:, 0]


@dataclass(frozen=True, slots=True)
class Medoid:
    """One real token of the run: the one with the highest mean cosine to the others, the first of equals.

    Parameters
    ----------
    run
        Tokens that one embedding stands for.
    """

    run: int = RUN

    def merge(self, runs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Pick a token of each run.

        Parameters
        ----------
        runs
            Input embeddings (r, run, d) of the reader.
        mask
            Mask (r, run) bool, False at padding.

        Returns
        -------
        (r, d)
            The embedding picked from each run.
        """
        unit = torch.nn.functional.normalize(runs.float(), dim=-1) * mask[..., None]
        closeness = torch.einsum("rid,rd->ri", unit, unit.sum(1)).masked_fill(~mask, -torch.inf)
        first = (closeness >= closeness.amax(-1, keepdim=True) - ROUNDING).int().argmax(-1)
        return runs[torch.arange(len(runs), device=runs.device), first]


def merge_tokens(embeddings: torch.Tensor, merger: Merger) -> tuple[torch.Tensor, torch.Tensor]:
    """Merge tokens run by run.

    Parameters
    ----------
    embeddings
        Input embeddings (n, d) of the tokens that are left out.
    merger
        Merges each run.

    Returns
    -------
    (k, d)
        One embedding per run of ``merger.run`` tokens; the last run can be shorter.
    (k,) int
        Index of the middle of each run.

    Raises
    ------
    ValueError
        If the merger returns another shape.
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
