"""Which slots of a layer a query sees, by the original positions of their tokens."""

from __future__ import annotations

import torch

from semtoken_rag.llm.kv.layer import EMPTY, SpanLayer


def visible_slots(layer: SpanLayer, *, first: int, last: int) -> torch.Tensor:
    """Return which slots the queries of some tokens see.

    The query of a padding token sees everything, so that no row of the softmax is empty.

    Parameters
    ----------
    layer
        The layer, with ``n`` slots.
    first
        Index of the first of these tokens in the sequence.
    last
        Index after the last of them.

    Returns
    -------
    (b, g, last - first, n) bool
        True for a slot that is seen.
    """
    slots = layer.index[:, :, None]  # (b, g, 1, n)
    query = torch.arange(first, last, device=slots.device)[:, None]  # (q, 1)
    seen = (slots != EMPTY) & (slots <= query)
    if layer.window is not None:
        seen &= slots > query - layer.window
    return seen | ~seen.any(-1, keepdim=True)


def is_causal(layer: SpanLayer) -> bool:
    """Return whether the tokens just read see all slots up to their own, so that no mask is needed."""
    if layer.has_empty_slots:
        return False
    if layer.window is None:
        return True
    held = layer.keys.shape[-2]
    return held <= layer.window if not layer.pruned else layer.n_seen <= layer.window
