"""A KV cache that keeps spans at their own positions, under a budget, scored anew while decoding (3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from semtoken_rag.llm.kv.eviction import Eviction
from semtoken_rag.llm.kv.layer import EMPTY, SpanLayer
from semtoken_rag.llm.kv.offload import OffloadedPrompt
from semtoken_rag.llm.kv.plan import Plan
from semtoken_rag.llm.kv.rotary import Rotation
from semtoken_rag.llm.model import kv_bytes, tensor_bytes


class SpanCache(Cache):  # type: ignore[misc]  # transformers exports no types
    """Keys and values of the spans that are kept, at the positions in the sequence that they had.

    Once the tokens of the plan have been read, each layer drops what is not to be kept. While decoding, the
    policy scores the spans anew by the current query vector, and those that matter least leave. What is left
    is attended to exactly as dense attention over the same tokens would do. The cache works only inside
    `semtoken_rag.llm.kv.attention.attach`, which supplies masks and query vectors.

    Parameters
    ----------
    config
        The model's configuration.
    plan
        Spans of the prompt, and what is kept of it; None keeps everything.
    eviction
        Policy and budget; None drops by the plan alone, once.
    rotations
        Rotation of each layer, see `semtoken_rag.llm.kv.rotary.rotations`: the kept tokens close up, as if
        the prompt had never had more, and the next token's position is `position_shift` less. None: every
        token keeps the position it had.

    Raises
    ------
    ValueError
        If the arguments do not fit together, or the model has layers without keys and values.
    """

    def __init__(
        self,
        config: Any,
        plan: Plan | None = None,
        *,
        eviction: Eviction | None = None,
        rotations: Sequence[Rotation] | None = None,
    ) -> None:
        _check(plan, eviction, rotations)
        super().__init__(layers=[_layer(layer) for layer in DynamicCache(config=config).layers])
        self.plan, self.eviction, self.rotations = plan, eviction, rotations
        self.attached = False
        self._offloaded: dict[int, OffloadedPrompt] = {}  # by layer
        self._clear()

    def _clear(self) -> None:
        """Forget what was read, except in the layers."""
        self._offloaded.clear()
        self.valid: torch.Tensor | None = None  # (b, q) of the tokens being read; None for all
        self.n_steps = 0  # forward passes after the prompt
        self.position_shift = 0  # positions by which what follows the prompt has moved
        self._padding: torch.Tensor | None = None  # (b,)

    @property
    def kv_bytes(self) -> int:
        """Bytes of keys and values on the model's device."""
        return kv_bytes(self)

    @property
    def host_bytes(self) -> int:
        """Bytes of keys and values in CPU memory."""
        return sum(tensor_bytes(x.keys, x.values) for x in self._offloaded.values())

    @property
    def held(self) -> list[int]:
        """Number of slots of each layer."""
        return [layer.keys.shape[-2] if layer.is_initialized else 0 for layer in self.layers]

    def reset(self) -> None:
        """Forget everything that was read."""
        super().reset()
        self._clear()

    def begin(self, new: int, attention_mask: torch.Tensor | None) -> None:
        """Start a forward pass.

        Parameters
        ----------
        new
            Number of tokens to read.
        attention_mask
            Mask (b, n_seen + new), 0 for padding and 1 for a token; None if there is no padding.

        Raises
        ------
        ValueError
            If the mask has another shape, or there is padding to the right.
        """
        self.valid = None
        self.n_steps += self.layers[0].pruned
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
        """Append the keys and values of new tokens to a layer.

        Parameters
        ----------
        key_states
            Keys (b, h, q, d) of the new tokens.
        value_states
            Values (b, h, q, d) of the new tokens.
        layer_idx
            Number of the layer.

        Returns
        -------
        two of (b, h, n, d)
            All keys and values of the layer.

        Raises
        ------
        RuntimeError
            If the cache is not attached to a model.
        ValueError
            If the batch is not the plan's.
        """
        if not self.attached:
            raise RuntimeError("a SpanCache works inside `with attach(model, cache)` only")
        if self.plan is not None and self.plan.span.shape[0] != key_states.shape[0]:
            raise ValueError(f"the plan is of {self.plan.span.shape[0]} sequences, got {key_states.shape[0]}")
        layer: SpanLayer = self.layers[layer_idx]
        return layer.update(key_states, value_states, self.valid)

    def after(self, layer_idx: int, query: torch.Tensor, *, scaling: float) -> None:
        """Finish the attention of a layer: drop what may go.

        Parameters
        ----------
        layer_idx
            Number of the layer.
        query
            Query vectors (b, heads, q, d) of the tokens just read.
        scaling
            Factor of their inner products with the keys.
        """
        layer: SpanLayer = self.layers[layer_idx]
        if self.eviction is not None:
            self.eviction.policy.observe(layer, query, scaling)
        if self.plan is not None and layer.n_seen >= self.plan.length:
            if not layer.pruned:
                self._prune(layer_idx, layer, self.plan)
            elif self.eviction is not None and self.n_steps % self.eviction.every == 0:
                self._evict(layer_idx, layer, self.plan, self.eviction)
        layer.drop_outside_window()

    def _prune(self, layer_idx: int, layer: SpanLayer, plan: Plan) -> None:
        """Drop what plan and eviction do not keep of the prompt."""
        present = layer.present(layer.index)  # (b, 1, n)
        n_prompt = present.sum(-1)  # (b, 1)
        if plan.keep is not None:
            there = layer.index != EMPTY if self.rotations else present
            present = there & plan.keeps(layer.index)
        if self.eviction is not None:
            self.eviction.policy.prepare(layer, plan)
            layer.n_prompt, layer.n_kept, layer.n_seen_when_pruned = n_prompt, present.sum(-1), layer.n_seen
            if self.eviction.offload:
                self._offloaded[layer_idx] = OffloadedPrompt.of(layer)
            present = self.eviction.choose(
                layer, plan, index=layer.index, present=present, n_layers=len(self.layers)
            )
        layer.select_slots(present)
        layer.pruned = True
        if self.rotations is not None:
            self._compact(layer_idx, layer, plan, self.rotations[layer_idx])

    def _compact(self, layer_idx: int, layer: SpanLayer, plan: Plan, rotation: Rotation) -> None:
        """Close the gaps between kept tokens."""
        padding = torch.zeros(len(plan.span), dtype=torch.long) if self._padding is None else self._padding
        index, by, length = plan.close_gaps(layer.index, padding.to(layer.index.device))
        layer.compact(index, by, n_seen=layer.n_seen - plan.length + length, rotation=rotation)
        if layer_idx == 0:
            self.position_shift = plan.length - length

    def _evict(self, layer_idx: int, layer: SpanLayer, plan: Plan, eviction: Eviction) -> None:
        """Keep what the policy scores highest now, of the slots and of the offloaded prompt, if any."""
        offloaded = self._offloaded.get(layer_idx)
        index = layer.index if offloaded is None else offloaded.candidate_index(layer)
        present = layer.present(index)
        chosen = eviction.choose(layer, plan, index=index, present=present, n_layers=len(self.layers))
        if offloaded is None:
            layer.select_slots(chosen)
        else:
            offloaded.restore(layer, index=index, chosen=chosen)


def _check(plan: Plan | None, eviction: Eviction | None, rotations: Sequence[Rotation] | None) -> None:
    if plan is None and eviction is not None:
        raise ValueError("an eviction needs a plan of the prompt, got None")
    if plan is not None and plan.keep is None:
        if eviction is None:
            raise ValueError("without a policy the plan alone must say what to keep, got a plan without keep")
        if eviction.budget is None:
            raise ValueError("a policy needs a budget, or a plan that says how much to keep; got neither")
    if rotations is not None and (eviction is not None or plan is None):
        raise ValueError("tokens move together by a plan alone, without a policy that drops them later")


def _layer(layer: Any) -> SpanLayer:
    """Return the span layer that takes the place of one of transformers' own."""
    if type(layer) is DynamicSlidingWindowLayer:
        return SpanLayer(layer.sliding_window)
    if type(layer) is DynamicLayer:
        return SpanLayer()
    raise ValueError(f"a span cache needs layers with keys and values alone, got {type(layer).__name__}")
