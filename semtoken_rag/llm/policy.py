"""Which tokens of a KV cache matter: span relevance to the current query vector, heavy hitters, both.

A policy is a small object with three methods. To add one, write `prepare` (what it needs of the whole
prompt), `observe` (what it needs of each step) and `score` (higher = keep), and pass it to `SpanCache`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from semtoken_rag.llm.layer import EMPTY, SpanLayer
from semtoken_rag.llm.plan import PINNED, Plan

BLOCK = 128  # queries whose attention is computed at once


class Policy(Protocol):
    """What decides which tokens of a layer stay.

    Attributes
    ----------
    per_head
        Whether each key-value head keeps tokens of its own.
    """

    @property
    def per_head(self) -> bool:
        """Whether each key-value head keeps tokens of its own."""

    def prepare(self, layer: SpanLayer, plan: Plan) -> None:
        """Look at the whole prompt, once, before anything is dropped."""

    def observe(self, layer: SpanLayer, query: torch.Tensor, scaling: float) -> None:
        """Look at the query vectors (b, heads, q, d) of the tokens just read, whose keys the layer has."""

    def score(self, layer: SpanLayer, index: torch.Tensor, plan: Plan) -> torch.Tensor:
        """Score tokens by their index (b, g, n), higher = keep: (b, g, n) float; inf = must stay."""


@dataclass(frozen=True, slots=True)
class SpanRelevance:
    """Similarity of the current query vector and the mean key of the token's span (3.4).

    ``s_i = sim(q_t, mean k of span i)``, averaged over the query heads that share a key head and, unless
    ``per_head``, over the key heads. Tokens without a span, such as those generated, must stay.

    Parameters
    ----------
    per_head
        Whether each key-value head keeps spans of its own.
    cosine
        Cosine, as in the paper; False: the inner product, which is what attention goes by.
    """

    per_head: bool = False
    cosine: bool = True

    def prepare(self, layer: SpanLayer, plan: Plan) -> None:
        """Take the mean key of every span; see `Policy`."""
        span = plan.span_of(layer.index)  # (b, 1, n)
        batch, heads, _, dim = layer.keys.shape
        total = max(int(plan.span.max()) + 1, 1)
        slot = torch.where((layer.index != EMPTY) & (span != PINNED), span, total)
        slot = slot.expand(-1, heads, -1)  # the last place takes what has no span
        keys = layer.keys.float()
        sums = keys.new_zeros(batch, heads, total + 1, dim)
        sums.scatter_add_(2, slot[..., None].expand_as(keys), keys)
        count = keys.new_zeros(batch, heads, total + 1).scatter_add_(2, slot, torch.ones_like(keys[..., 0]))
        layer.means = (sums / count.clamp(min=1)[..., None])[:, :, :total]

    def observe(self, layer: SpanLayer, query: torch.Tensor, scaling: float) -> None:
        """Keep the last token's query vectors; see `Policy`."""
        layer.query = query[:, :, -1]

    def score(self, layer: SpanLayer, index: torch.Tensor, plan: Plan) -> torch.Tensor:
        """Score tokens; see `Policy`."""
        if layer.means is None or layer.query is None:
            raise RuntimeError("SpanRelevance scores a layer only after prepare and observe")
        means, query = layer.means, layer.query.float()
        batch, heads, _, dim = means.shape
        query = query.reshape(batch, heads, -1, dim)  # (b, h, heads / h, d)
        if self.cosine:
            means, query = (torch.nn.functional.normalize(x, dim=-1) for x in (means, query))
        spans = torch.einsum("bhgd,bhsd->bhs", query, means) / query.shape[2]
        if not self.per_head:
            spans = spans.mean(1, keepdim=True)  # (b, 1, s)
        span = plan.span_of(index)  # (b, g, n)
        groups = max(spans.shape[1], span.shape[1])
        spans, span = spans.expand(-1, groups, -1), span.expand(-1, groups, -1)
        return torch.where(span == PINNED, torch.inf, spans.gather(2, span.clamp(min=0)))


@dataclass(frozen=True, slots=True)
class HeavyHitters:
    """Attention that a token has received so far (H2O, https://arxiv.org/abs/2306.14048).

    Its attention is computed a second time, in blocks, since fused kernels do not give it.

    Parameters
    ----------
    per_head
        Whether each key-value head keeps tokens of its own, as in H2O; else their sum decides.
    last
        Queries of a prompt that are looked at, counted from its end; None for all.
    """

    per_head: bool = True
    last: int | None = None

    def prepare(self, layer: SpanLayer, plan: Plan) -> None:
        """Nothing to prepare; see `Policy`."""

    def observe(self, layer: SpanLayer, query: torch.Tensor, scaling: float) -> None:
        """Add the attention that each token receives; see `Policy`."""
        batch, heads, held, dim = layer.keys.shape
        new = query.shape[2]
        received = layer.keys.new_zeros(batch, heads, held, dtype=torch.float32)
        for start in range(max(0, new - (self.last or new)), new, BLOCK):
            stop = min(start + BLOCK, new)
            block = query[:, :, start:stop] * scaling
            block = block.reshape(batch, heads, -1, stop - start, dim)  # (b, h, r, q, d)
            weights = torch.einsum("bhrqd,bhnd->bhrqn", block, layer.keys).float()
            seen = layer.visible(layer.seen - new + start, layer.seen - new + stop)[:, :, None]
            weights = weights.masked_fill(~seen, -torch.inf).softmax(-1)
            if layer.ragged:  # the queries of padding count for nothing
                asks = layer.index[:, :, held - new + start : held - new + stop] != EMPTY
                weights = weights * asks[:, :, None, :, None]
            received += weights.sum((2, 3))
        if layer.tally is None or layer.tally.shape[-1] < layer.seen:  # with room for what comes
            old, layer.tally = layer.tally, received.new_zeros(batch, heads, layer.seen + BLOCK)
            if old is not None:
                layer.tally[..., : old.shape[-1]] = old
        slots = layer.index.clamp(min=0).expand_as(received)
        layer.tally.scatter_add_(2, slots, received.masked_fill(layer.index == EMPTY, 0.0))

    def score(self, layer: SpanLayer, index: torch.Tensor, plan: Plan) -> torch.Tensor:
        """Score tokens; see `Policy`."""
        if layer.tally is None:
            raise RuntimeError("HeavyHitters scores a layer only after observe")
        tally = layer.tally if self.per_head else layer.tally.sum(1, keepdim=True)
        groups = max(tally.shape[1], index.shape[1])
        tally, index = tally.expand(-1, groups, -1), index.expand(-1, groups, -1)
        return tally.gather(2, index.clamp(min=0))


@dataclass(frozen=True, slots=True)
class Blend:
    """Several policies at once: the weighted sum of a token's ranks under each.

    Parameters
    ----------
    policies
        At least one.
    weights
        One a policy; equal where not given.
    """

    policies: Sequence[Policy]
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if not self.policies:
            raise ValueError("Blend needs at least one policy, got none")
        if self.weights is not None and len(self.weights) != len(self.policies):
            raise ValueError(f"weights must be one a policy, got {len(self.weights)}")

    @property
    def per_head(self) -> bool:
        """Whether each key-value head keeps tokens of its own."""
        return any(policy.per_head for policy in self.policies)

    def prepare(self, layer: SpanLayer, plan: Plan) -> None:
        """See `Policy`."""
        for policy in self.policies:
            policy.prepare(layer, plan)

    def observe(self, layer: SpanLayer, query: torch.Tensor, scaling: float) -> None:
        """See `Policy`."""
        for policy in self.policies:
            policy.observe(layer, query, scaling)

    def score(self, layer: SpanLayer, index: torch.Tensor, plan: Plan) -> torch.Tensor:
        """Score tokens; see `Policy`."""
        total: torch.Tensor | float = 0.0
        must = torch.tensor(False, device=index.device)
        for policy, weight in zip(self.policies, self.weights or [1.0] * len(self.policies), strict=True):
            score = policy.score(layer, index, plan).masked_fill(index == EMPTY, -torch.inf)
            rank = torch.searchsorted(score.sort(-1).values, score.contiguous())  # equal ones share theirs
            total = total + weight * rank
            must = must | torch.isposinf(score)
        return torch.where(must, torch.inf, total)
