"""Route a model's attention through a SpanCache: masks by original position, access to query states."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from transformers import AttentionInterface

from semtoken_rag.llm.kv.cache import SpanCache
from semtoken_rag.llm.kv.masks import is_causal, visible_slots
from semtoken_rag.llm.model import attention_layers, kernel_of

NAME = "semtoken"


class Attention:
    """Attention of an attached model: the model's own kernel, with a mask made for the cache.

    Parameters
    ----------
    cache
        The cache that the model's attention layers write to.
    kernel
        ``eager``, ``sdpa`` or ``flash_attention_2``, see `kernel_of`. Flash attention takes no mask: if one
        is needed, SDPA is used instead.
    """

    def __init__(self, cache: SpanCache, kernel: str) -> None:
        self.cache, self.kernel = cache, kernel

    def __call__(
        self,
        module: torch.nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *,
        scaling: float | None = None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Attend, then let the cache drop what may go.

        Parameters
        ----------
        module
            The attention layer.
        query
            Query vectors (b, heads, q, d) of the new tokens.
        key
            Keys (b, h, n, d) of all tokens that the cache holds.
        value
            Values (b, h, n, d) of the same tokens.
        scaling
            Factor of the inner products; None: ``1 / sqrt(d)``.
        **kwargs
            Further arguments of the kernel.

        Returns
        -------
        (b, q, heads, d)
            Attention output.
        (b, heads, q, n) or None
            Attention weights, if the kernel returns them.
        """
        number: int = module.layer_idx  # type: ignore[assignment]
        if scaling is None:
            scaling = float(query.shape[-1] ** -0.5)
        name, mask = self._mask(number, query, key)
        out = self._kernel(module, name)(module, query, key, value, mask, scaling=scaling, **kwargs)
        self.cache.after(number, query, scaling=scaling)
        return out[0], out[1]

    def _mask(self, number: int, query: torch.Tensor, key: torch.Tensor) -> tuple[str, torch.Tensor | None]:
        """Return a kernel and a mask (b, 1 or heads, q, n): bool for SDPA, added for eager attention."""
        layer, new = self.cache.layers[number], query.shape[2]
        plain = is_causal(layer)
        if plain and self.kernel.startswith("flash"):
            return self.kernel, None
        if plain and self.kernel != "eager" and (new == 1 or new == key.shape[2]):
            return "sdpa", None  # which takes a missing mask for causal
        mask = visible_slots(layer, first=layer.n_seen - new, last=layer.n_seen)
        if mask.shape[1] > 1:
            mask = mask.repeat_interleave(query.shape[1] // mask.shape[1], 1)
        if self.kernel == "eager":
            least = torch.finfo(query.dtype).min
            return "eager", torch.zeros_like(mask, dtype=query.dtype).masked_fill(~mask, least)
        return "sdpa", mask

    def _kernel(self, module: torch.nn.Module, name: str) -> Callable[..., Any]:
        if name == "eager":
            found: Callable[..., Any] = sys.modules[type(module).__module__].eager_attention_forward
            return found
        kernel: Callable[..., Any] = AttentionInterface()[name]
        return kernel


@contextmanager
def attach(model: Any, cache: SpanCache, *, layers: Sequence[Any] = ()) -> Iterator[SpanCache]:
    """Route the model's attention through the cache while the context manager is open.

    One cache at a time can be attached to a model. It works with models whose attention goes through
    transformers' `AttentionInterface` (Llama, Mistral, Qwen, Gemma, GPT-NeoX, ...) and with GPT-J.

    Parameters
    ----------
    model
        A causal language model of transformers.
    cache
        Give it to the model as ``past_key_values`` too.
    layers
        The model's `attention_layers`, if they are at hand: finding them takes a while.

    Yields
    ------
    SpanCache
        The cache.

    Raises
    ------
    ValueError
        If the model has no such attention, or a cache is attached to it already.

    Examples
    --------
    ::

        with attach(model, cache):
            model(input_ids, attention_mask=mask, past_key_values=cache)
    """
    layers = layers or attention_layers(model)
    own = type(layers[0]).__name__.startswith("GPTJ")
    if not own and not getattr(model, "_supports_attention_backend", False):
        raise ValueError(f"the attention of {type(model).__name__} does not go through AttentionInterface")
    configs = list({id(c): c for c in (m.config for m in [model.base_model, *layers])}.values())
    if any(c._attn_implementation == NAME for c in configs):
        raise ValueError("a cache is attached to this model already")
    run = Attention(cache, kernel_of(model))
    AttentionInterface.register(NAME, _attend)
    with ExitStack() as stack:
        for config in configs:
            stack.callback(setattr, config, "_attn_implementation", config._attn_implementation)
        for layer in layers:
            layer.semtoken = run
            stack.callback(delattr, layer, "semtoken")
            if own:
                _replace(layer, run, stack)
        for config in configs:
            config._attn_implementation = NAME  # without masks of this name, the model makes none
        handle = model.base_model.register_forward_pre_hook(partial(_begin, cache), with_kwargs=True)
        stack.callback(handle.remove)
        stack.callback(setattr, cache, "attached", False)
        cache.attached = True
        yield cache


def _attend(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **kwargs: Any) -> Any:
    """Attend under the name that `attach` gives the model, which makes no masks for it."""
    return module.semtoken(module, query, key, value, **kwargs)


def _begin(cache: SpanCache, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    given = kwargs.get("inputs_embeds")
    if given is None:
        given = kwargs["input_ids"] if kwargs.get("input_ids") is not None else args[0]
    cache.begin(given.shape[1], kwargs.get("attention_mask"))


def _replace(layer: Any, run: Attention, stack: ExitStack) -> None:
    """Replace the method by which GPT-J attends."""
    if "Flash" in type(layer).__name__:
        raise ValueError(f"load the model with attn_implementation='eager', got {type(layer).__name__}")

    def attend(query: Any, key: Any, value: Any, attention_mask: Any = None) -> Any:
        out, weights = Attention(run.cache, "sdpa")(layer, query, key.to(value.dtype), value)
        return out.transpose(1, 2), weights  # (b, heads, q, d)

    layer._attn = attend
    stack.callback(delattr, layer, "_attn")
