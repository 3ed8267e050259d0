"""A KV cache that keeps spans: at their own places, under a budget, scored anew while decoding (3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from semtoken_rag.llm.host import Host
from semtoken_rag.llm.layer import EMPTY, SpanLayer
from semtoken_rag.llm.plan import PINNED, KVBudget, Plan
from semtoken_rag.llm.policy import Policy

if TYPE_CHECKING:
    from semtoken_rag.llm.rope import Rotation


class SpanCache(Cache):  # type: ignore[misc]  # transformers exports no types
    """Keys and values of the spans that are kept, at the places in the sequence that they had.

    Once the tokens of the plan have been read, each layer drops what is not to be kept. Every ``every``
    steps after that, the policy scores the spans anew by the current query vector, and those that matter
    least leave. What is left is attended to exactly as dense attention over the same tokens would do; it
    works only inside `semtoken_rag.llm.attach.attached`, which supplies masks and query vectors.

    Parameters
    ----------
    config
        The model's configuration.
    plan
        Spans of the prompt, and what is kept of it; None keeps all.
    policy
        Scores spans or tokens; None drops by the plan alone, once.
    budget
        How much stays, pinned tokens included, which stay even where they alone exceed it; None: as much
        as the plan keeps, and what is generated.
    every
        Steps between two looks at the budget.
    recent
        The last tokens, which never leave.
    offload
        Keep the whole prompt in host memory, from where spans return when they matter again.
    rotations
        Of the model, see `semtoken_rag.llm.rope.rotations`: what is kept moves together, as if the prompt had
        never had more. The next token's position is `gone` less then. None: all keep the places they had.

    Raises
    ------
    ValueError
        Where the parts do not fit together, or the model has layers without keys and values.
    """

    def __init__(
        self,
        config: Any,
        plan: Plan | None = None,
        *,
        policy: Policy | None = None,
        budget: KVBudget | None = None,
        every: int = 16,
        recent: int = 16,
        offload: bool = False,
        rotations: Sequence[Rotation] | None = None,
    ) -> None:
        if every < 1 or recent < 0:
            raise ValueError(f"every must be at least 1 and recent at least 0, got {every!r} and {recent!r}")
        if plan is None and (policy or budget):
            raise ValueError("a policy or a budget needs a plan of the prompt, got None")
        if plan is not None and policy is None and (budget is not None or plan.keep is None):
            raise ValueError("without a policy the plan alone must say what to keep, and there is no budget")
        if plan is not None and policy is not None and budget is None and plan.keep is None:
            raise ValueError("a policy needs a budget, or a plan that says how much to keep; got neither")
        if offload and policy is None:
            raise ValueError("offload needs a policy that calls spans back, got None")
        if rotations is not None and (policy is not None or plan is None):
            raise ValueError("tokens move together by a plan alone, without a policy that drops them later")
        super().__init__(layers=[_layer(layer) for layer in DynamicCache(config=config).layers])
        self.plan, self.policy, self.budget = plan, policy, budget
        self.every, self.recent, self.offloads = every, recent, offload
        self.attached = False
        self.valid: torch.Tensor | None = None  # (b, q) of the tokens being read; None for all
        self.steps = 0  # forward passes after the prompt
        self.rotations = rotations
        self.gone = 0  # positions by which what follows the prompt has moved
        self._padding: torch.Tensor | None = None  # (b,)
        self._offloaded: dict[int, Host] = {}  # of each layer, the whole prompt in host memory

    @property
    def kv_bytes(self) -> int:
        """Bytes of keys and values on the model's device."""
        return sum(_bytes(layer.keys, layer.values) for layer in self.layers if layer.is_initialized)

    @property
    def overhead_bytes(self) -> int:
        """Bytes of what else the cache holds on the device: indices, mean keys, tallies."""
        return sum(
            _bytes(layer.index, layer.means, layer.tally, layer.query)
            for layer in self.layers
            if layer.is_initialized
        )

    @property
    def host_bytes(self) -> int:
        """Bytes of keys and values in host memory."""
        return sum(_bytes(x.keys, x.values) for x in self._offloaded.values())

    @property
    def held(self) -> list[int]:
        """Slots of each layer."""
        return [layer.keys.shape[-2] if layer.is_initialized else 0 for layer in self.layers]

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self._offloaded.clear()
        self.valid = self._padding = None
        self.steps = self.gone = 0

    def begin(self, new: int, attention_mask: torch.Tensor | None) -> None:
        """Start a forward pass of ``new`` tokens; the mask (b, seen + new) is 0 for padding.

        Raises
        ------
        ValueError
            For a mask of another shape, padding to the right, or a batch that is not the plan's.
        """
        self.valid = None
        self.steps += self.layers[0].pruned
        if attention_mask is None or new == 1:
            return
        if attention_mask.ndim != 2 or attention_mask.shape[1] < new:
            raise ValueError(
                f"attention_mask must have shape (batch, tokens), got {tuple(attention_mask.shape)}"
            )
        valid = attention_mask[:, -new:].bool()
        if not bool(valid.all()):
            if not bool(valid[:, -1].all()):
                raise ValueError("a span cache takes padding to the left only, got some to the right")
            self.valid = valid
            if not self.get_seq_length():
                self._padding = (~valid).sum(1)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append the keys and values of a layer; return all of them."""
        if not self.attached:
            raise RuntimeError("a SpanCache works inside `with attached(model, cache)` only")
        if self.plan is not None and self.plan.span.shape[0] != key_states.shape[0]:
            raise ValueError(f"the plan is of {self.plan.span.shape[0]} sequences, got {key_states.shape[0]}")
        layer: SpanLayer = self.layers[layer_idx]
        return layer.update(key_states, value_states, self.valid)

    def after(self, layer_idx: int, query: torch.Tensor, scaling: float) -> None:
        """Finish a layer's attention: look at its query vectors (b, heads, q, d), drop what may go."""
        layer: SpanLayer = self.layers[layer_idx]
        if self.policy is not None:
            self.policy.observe(layer, query, scaling)
        if self.plan is not None and layer.seen >= self.plan.length:
            if not layer.pruned:
                self._prune(layer_idx, layer, self.plan)
            elif self.policy is not None and self.steps % self.every == 0:
                self._evict(layer_idx, layer, self.plan, self.policy)
        layer.trim()

    def _prune(self, layer_idx: int, layer: SpanLayer, plan: Plan) -> None:
        """Drop what the plan, the policy and the budget do not keep of the prompt."""
        stays = layer.present(layer.index)  # (b, 1, n)
        prompt = stays.sum(-1)  # (b, 1)
        if plan.keep is not None:
            keep = plan.keep.to(layer.index.device)[:, None].gather(2, layer.index.clamp(0, plan.length - 1))
            chosen = keep | (plan.span_of(layer.index) == PINNED)
            stays = (layer.index != EMPTY) & chosen if self.rotations else stays & chosen
        if self.policy is not None:
            self.policy.prepare(layer, plan)
            layer.prompt, layer.stayed, layer.pruned_at = prompt, stays.sum(-1), layer.seen
            if self.offloads:
                self._offloaded[layer_idx] = Host.of(layer)
            score = self.policy.score(layer, layer.index, plan)
            stays = best(score, stays, self._pinned(layer, layer.index, plan), self._limit(layer))
        layer.take(stays)
        layer.pruned = True
        if self.rotations is not None:
            self._pack(layer_idx, layer, plan, self.rotations[layer_idx])

    def _pack(self, layer_idx: int, layer: SpanLayer, plan: Plan, rotation: Rotation) -> None:
        """Move what a layer kept together; sequences of a batch end in one place, as they did before."""
        padding = torch.zeros(len(plan.span), dtype=torch.long) if self._padding is None else self._padding
        padding = padding.to(layer.index.device)
        stays = plan.stays(padding).to(layer.index.device)
        count = stays.sum(1)
        most = int(count.max())
        rank = (stays.cumsum(1) - 1)[:, None].gather(2, layer.index.clamp(0, plan.length - 1))  # (b, 1, n)
        rank = torch.where(layer.index < plan.length, rank, count[:, None, None] + layer.index - plan.length)
        by = rank - (layer.index - padding[:, None, None])
        layer.pack(rank + (most - count)[:, None, None], by, layer.seen - plan.length + most, rotation)
        if layer_idx == 0:
            self.gone = plan.length - most

    def _evict(self, layer_idx: int, layer: SpanLayer, plan: Plan, policy: Policy) -> None:
        """Keep what the policy now finds best, of the slots and, with offload, of the whole prompt."""
        offloaded = self._offloaded.get(layer_idx)
        index = layer.index if offloaded is None else offloaded.candidates(layer)
        score, pinned = policy.score(layer, index, plan), self._pinned(layer, index, plan)
        chosen = best(score, layer.present(index), pinned, self._limit(layer))
        if offloaded is None:
            layer.take(chosen)
        else:
            offloaded.swap(layer, index, chosen)

    def _limit(self, layer: SpanLayer) -> torch.Tensor:
        """Tokens that a layer may hold of each sequence, now: (b, 1) int."""
        new = layer.seen - layer.pruned_at
        limit = layer.stayed + new
        if self.budget is not None:
            read = layer.prompt[:, 0] + new
            if layer.window is not None:
                read = read.clamp(max=layer.window - 1)
            token = _bytes(layer.keys[:1, :, :1], layer.values[:1, :, :1]) * len(self.layers)
            limit = limit.minimum(self.budget.limit(read, token)[:, None])
        return limit

    def _pinned(self, layer: SpanLayer, index: torch.Tensor, plan: Plan) -> torch.Tensor:
        """Tokens that stay whatever their score: (b, g, n) bool."""
        template = (plan.span_of(index) == PINNED) & (index < plan.length)
        return template | (index >= layer.seen - self.recent)


def best(score: torch.Tensor, stays: torch.Tensor, pinned: torch.Tensor, limit: torch.Tensor) -> torch.Tensor:
    """Choose the best tokens within a limit; of equal ones the earlier, so that one span at most is cut.

    Parameters
    ----------
    score : (b, g, n) float
        Higher = keep; inf = pinned.
    stays, pinned : (b, g or 1, n) bool
        What there is to choose from, and what of that is chosen in any case.
    limit : (b, 1) int
        Tokens to choose, those chosen in any case included.

    Examples
    --------
    >>> yes = torch.ones(1, 1, 4, dtype=torch.bool)
    >>> best(torch.tensor([[[0.1, 0.5, 0.5, 0.9]]]), yes, ~yes, torch.tensor([[2]])).int().tolist()
    [[[0, 1, 0, 1]]]
    """
    value = torch.where(pinned, torch.inf, score).masked_fill(~stays, -torch.inf)
    rank = value.argsort(dim=-1, descending=True, stable=True).argsort(-1)
    fixed = torch.isposinf(value).sum(-1)
    chosen: torch.Tensor = (rank < limit.maximum(fixed)[..., None]) & ~torch.isneginf(value)
    return chosen


def _layer(layer: Any) -> SpanLayer:
    """Make the span layer of one of transformers' own."""
    if type(layer) is DynamicSlidingWindowLayer:
        return SpanLayer(layer.sliding_window)
    if type(layer) is DynamicLayer:
        return SpanLayer()
    raise ValueError(f"a span cache needs layers with keys and values alone, got {type(layer).__name__}")


def _bytes(*tensors: torch.Tensor | None) -> int:
    return sum(t.numel() * t.element_size() for t in tensors if t is not None)
