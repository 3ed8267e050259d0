"""Heavy hitters: keep the tokens that receive most attention."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from semtoken_rag.llm.kv.layer import EMPTY, SpanLayer
from semtoken_rag.llm.kv.masks import visible_slots
from semtoken_rag.llm.kv.plan import Plan

BLOCK = 128  # queries whose attention is computed at once


@dataclass(frozen=True, slots=True)
class HeavyHitters:
    """Attention that a token has received so far (H2O, https://arxiv.org/abs/2306.14048).

    The attention is computed a second time, in blocks, since fused kernels do not return it.

    Parameters
    ----------
    per_head
        Whether each key-value head keeps tokens of its own, as in H2O; False: the sum over heads decides.
    last
        Number of queries that are counted, from the end of what was read; None for all.
    """

    per_head: bool = True
    last: int | None = None

    def prepare(self, layer: SpanLayer, plan: Plan) -> None:
        """Do nothing: all that is needed comes with each step."""

    def observe(self, layer: SpanLayer, query: torch.Tensor, scaling: float) -> None:
        """Add the attention that each token receives.

        Parameters
        ----------
        layer
            Gets ``attention_sum`` (b, h, n_seen or more) float.
        query
            Query vectors (b, heads, q, d) of the tokens just read.
        scaling
            Factor of the inner products of queries and keys.
        """
        batch, heads, held, dim = layer.keys.shape
        new = query.shape[2]
        received = layer.keys.new_zeros(batch, heads, held, dtype=torch.float32)
        for start in range(max(0, new - (self.last or new)), new, BLOCK):
            stop = min(start + BLOCK, new)
            block = query[:, :, start:stop] * scaling
            block = block.reshape(batch, heads, -1, stop - start, dim)  # (b, h, r, q, d)
            weights = torch.einsum("bhrqd,bhnd->bhrqn", block, layer.keys).float()
            first = layer.n_seen - new
            seen = visible_slots(layer, first=first + start, last=first + stop)[:, :, None]
            weights = weights.masked_fill(~seen, -torch.inf).softmax(-1)
            if layer.has_empty_slots:  # the queries of padding count for nothing
                asks = layer.index[:, :, held - new + start : held - new + stop] != EMPTY
                weights = weights * asks[:, :, None, :, None]
            received += weights.sum((2, 3))
        if (
            layer.attention_sum is None or layer.attention_sum.shape[-1] < layer.n_seen
        ):  # with room for what comes
            old, layer.attention_sum = (
                layer.attention_sum,
                received.new_zeros(batch, heads, layer.n_seen + BLOCK),
            )
            if old is not None:
                layer.attention_sum[..., : old.shape[-1]] = old
        slots = layer.index.clamp(min=0).expand_as(received)
        layer.attention_sum.scatter_add_(2, slots, received.masked_fill(layer.index == EMPTY, 0.0))

    def score(self, layer: SpanLayer, index: torch.Tensor, plan: Plan) -> torch.Tensor:
        """Score tokens by the attention they received.

        Parameters
        ----------
        layer
            The layer, after `observe`.
        index
            Index (b, g, n) int of each token in the sequence; -1 for none.
        plan
            Not used.

        Returns
        -------
        (b, g or h, n) float
            Higher = keep: the sum of attention weights over queries and query heads.

        Raises
        ------
        RuntimeError
            Before `observe`.
        """
        if layer.attention_sum is None:
            raise RuntimeError("HeavyHitters scores a layer only after observe")
        received = layer.attention_sum if self.per_head else layer.attention_sum.sum(1, keepdim=True)
        groups = max(received.shape[1], index.shape[1])
        received, index = received.expand(-1, groups, -1), index.expand(-1, groups, -1)
        return received.gather(2, index.clamp(min=0))
