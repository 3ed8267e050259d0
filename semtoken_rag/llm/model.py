"""What a transformers model and its cache say of themselves: sizes, positions, attention layers, bytes."""

from __future__ import annotations

import inspect
import sys
import threading
from typing import Any
from weakref import WeakKeyDictionary

from semtoken_rag._internal.forks import renew_in_child

_guard = threading.Lock()
_locks: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
renew_in_child(sys.modules[__name__], "_guard", threading.Lock)
renew_in_child(sys.modules[__name__], "_locks", WeakKeyDictionary)

FUSED = ("sdpa", "flash_attention_2", "flash_attention_3")


def text_config(model: Any) -> Any:
    """Return the configuration of the model's decoder."""
    config = model.config
    return config.get_text_config(decoder=True) if hasattr(config, "get_text_config") else config


def hidden_size(model: Any) -> int:
    """Return the size of the model's input embeddings."""
    return int(model.get_input_embeddings().weight.shape[-1])


def positions(model: Any) -> int | None:
    """Return how many positions the model was made for, None if its configuration does not say."""
    found = getattr(text_config(model), "max_position_embeddings", None)
    return int(found) if found else None


def lock(model: Any) -> Any:
    """Return the lock of a model: one thread at a time runs it, since another may attach a cache to it."""
    with _guard:
        return _locks.setdefault(model, threading.RLock())


def takes(model: Any, name: str) -> bool:
    """Return whether the model's forward pass takes an argument of this name."""
    return name in inspect.signature(model.forward).parameters


def attention_layers(model: Any) -> list[Any]:
    """Return the attention modules of a model, one a layer.

    Parameters
    ----------
    model
        A causal language model of transformers.

    Returns
    -------
    list of torch.nn.Module
        In the order of the model's modules.

    Raises
    ------
    ValueError
        If there are none, or two share a layer.
    """
    found = [m for m in model.modules() if hasattr(m, "layer_idx") and hasattr(m, "is_causal")]
    if not found or sorted(m.layer_idx for m in found) != list(range(len(found))):
        raise ValueError(f"no attention module a layer was found in {type(model).__name__}")
    return found


def kernel_of(model: Any) -> str:
    """Return the name of the attention kernel that the model was loaded with."""
    name = getattr(model.config, "_attn_implementation", None) or "eager"
    return name if name in FUSED else "eager"


def kv_bytes(cache: Any) -> int:
    """Return the bytes of keys and values of any cache, on the model's device."""
    return sum(tensor_bytes(layer.keys, layer.values) for layer in cache.layers if layer.is_initialized)


def tensor_bytes(*tensors: Any) -> int:
    """Return the bytes of tensors."""
    return sum(t.numel() * t.element_size() for t in tensors)
