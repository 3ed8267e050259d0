"""Span relevance: keep the spans that the current query vector points at."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from semtoken_rag.llm.kv.layer import EMPTY, SpanLayer
from semtoken_rag.llm.kv.plan import PINNED, Plan


@dataclass(frozen=True, slots=True)
class SpanRelevance:
    """Similarity of the current query vector and the mean key of the token's span (SemToken, 3.4).

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
        """Compute the mean key of every span.

        Parameters
        ----------
        layer
            Gets ``span_key_means`` (b, h, s, d) float.
        plan
            Spans of the prompt.
        """
        span = plan.span_of(layer.index)  # (b, 1, n)
        batch, heads, _, dim = layer.keys.shape
        total = max(int(plan.span.max()) + 1, 1)
        slot = torch.where((layer.index != EMPTY) & (span != PINNED), span, total)
        slot = slot.expand(-1, heads, -1)  # the last place takes what has no span
        keys = layer.keys.float()
        sums = keys.new_zeros(batch, heads, total + 1, dim)
        sums.scatter_add_(2, slot[..., None].expand_as(keys), keys)
        count = keys.new_zeros(batch, heads, total + 1).scatter_add_(2, slot, torch.ones_like(keys[..., 0]))
        layer.span_key_means = (sums / count.clamp(min=1)[..., None])[:, :, :total]

    def observe(self, layer: SpanLayer, query: torch.Tensor, scaling: float) -> None:
        """Keep the last token's query vectors.

        Parameters
        ----------
        layer
            Gets ``query`` (b, heads, d).
        query
            Query vectors (b, heads, q, d) of the tokens just read.
        scaling
            Not used.
        """
        layer.query = query[:, :, -1]

    def score(self, layer: SpanLayer, index: torch.Tensor, plan: Plan) -> torch.Tensor:
        """Score tokens by their spans.

        Parameters
        ----------
        layer
            The layer, after `prepare` and `observe`.
        index
            Index (b, g, n) int of each token in the sequence; -1 for none.
        plan
            Spans of the prompt.

        Returns
        -------
        (b, g or h, n) float
            Higher = keep: the cosine or inner product of the token's span; inf for tokens without a span.

        Raises
        ------
        RuntimeError
            Before `prepare` and `observe`.
        """
        if layer.span_key_means is None or layer.query is None:
            raise RuntimeError("SpanRelevance scores a layer only after prepare and observe")
        means, query = layer.span_key_means, layer.query.float()
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
