"""Which tokens of a layer stay: the best ones by a policy, within a budget."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from semtoken_rag.llm.kv.layer import SpanLayer
from semtoken_rag.llm.kv.plan import PINNED, KVBudget, Plan
from semtoken_rag.llm.kv.policy import Policy
from semtoken_rag.llm.model import tensor_bytes


@dataclass(frozen=True, slots=True)
class Eviction:
    """What a cache drops after the prompt and while decoding.

    Parameters
    ----------
    policy
        Scores tokens, higher = keep.
    budget
        How much stays, pinned tokens included; those stay even if they alone exceed it. None: as much as the
        plan keeps of the prompt, and what is generated.
    every
        Decoding steps between two evictions, at least 1.
    recent
        Number of last tokens that never leave, at least 0.
    offload
        Whether the whole prompt stays in CPU memory, so that spans can return once they matter again.

    Raises
    ------
    ValueError
        If ``every`` or ``recent`` is out of range.
    """

    policy: Policy
    budget: KVBudget | None = None
    every: int = 16
    recent: int = 16
    offload: bool = False

    def __post_init__(self) -> None:
        check_schedule(self.every, self.recent)

    def choose(
        self, layer: SpanLayer, plan: Plan, *, index: torch.Tensor, present: torch.Tensor, n_layers: int
    ) -> torch.Tensor:
        """Choose the tokens of a layer that stay.

        Parameters
        ----------
        layer
            The layer, after the policy has prepared it.
        plan
            Spans of its prompt.
        index
            Index (b, g, n) int of each candidate in the sequence; -1 for none.
        present
            Mask (b, g or 1, n) bool of the candidates that may be chosen.
        n_layers
            Number of layers that share a budget in bytes.

        Returns
        -------
        (b, g, n) bool
            True for a candidate that stays.
        """
        return top_within_limit(
            self.policy.score(layer, index, plan),
            present=present,
            pinned=self._pinned(layer, index, plan),
            limit=self._limit(layer, n_layers),
        )

    def _limit(self, layer: SpanLayer, n_layers: int) -> torch.Tensor:
        """Return how many tokens the layer may hold of each sequence now: (b, 1) int."""
        new = layer.n_seen - layer.n_seen_when_pruned
        limit = layer.n_kept + new
        if self.budget is not None:
            read = layer.n_prompt[:, 0] + new
            if layer.window is not None:
                read = read.clamp(max=layer.window - 1)
            token = tensor_bytes(layer.keys[:1, :, :1], layer.values[:1, :, :1]) * n_layers
            limit = limit.minimum(self.budget.limit(read, token)[:, None])
        return limit

    def _pinned(self, layer: SpanLayer, index: torch.Tensor, plan: Plan) -> torch.Tensor:
        """Return which tokens stay whatever their score: (b, g, n) bool."""
        template = (plan.span_of(index) == PINNED) & (index < plan.length)
        return template | (index >= layer.n_seen - self.recent)


def check_schedule(every: int, recent: int) -> None:
    """Raise a ValueError if ``every`` is below 1 or ``recent`` below 0."""
    if every < 1 or recent < 0:
        raise ValueError(f"every must be at least 1 and recent at least 0, got {every!r} and {recent!r}")


def top_within_limit(
    score: torch.Tensor, *, present: torch.Tensor, pinned: torch.Tensor, limit: torch.Tensor
) -> torch.Tensor:
    """Choose the best tokens within a limit; of equal ones the earlier, so that at most one span is cut.

    Parameters
    ----------
    score
        Scores (b, g, n), higher = keep; inf = pinned.
    present
        Mask (b, g or 1, n) bool of the tokens to choose from.
    pinned
        Mask (b, g or 1, n) bool of those among them that are chosen in any case.
    limit
        Number (b, 1) int of tokens to choose, those chosen in any case included.

    Returns
    -------
    (b, g, n) bool
        True for a chosen token.

    Examples
    --------
    >>> yes = torch.ones(1, 1, 4, dtype=torch.bool)
    >>> score, limit = torch.tensor([[[0.1, 0.5, 0.5, 0.9]]]), torch.tensor([[2]])
    >>> top_within_limit(score, present=yes, pinned=~yes, limit=limit).int().tolist()
    [[[0, 1, 0, 1]]]
    """
    value = torch.where(pinned, torch.inf, score).masked_fill(~present, -torch.inf)
    rank = value.argsort(dim=-1, descending=True, stable=True).argsort(-1)
    fixed = torch.isposinf(value).sum(-1)
    chosen: torch.Tensor = (rank < limit.maximum(fixed)[..., None]) & ~torch.isneginf(value)
    return chosen
