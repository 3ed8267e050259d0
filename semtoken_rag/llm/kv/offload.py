"""Prompt keys and values offloaded to CPU memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from semtoken_rag.llm.kv.layer import EMPTY, SpanLayer


@dataclass(frozen=True, slots=True)
class OffloadedPrompt:
    """All that a layer held of a prompt, written once, so that evicting a span later copies nothing.

    Attributes
    ----------
    keys, values : (b, h, p, d)
        In CPU memory.
    index : (b, 1, p) int
        Index of each token, on the model's device; consecutive except for -1 at padding.
    first
        Index of the first slot.
    """

    keys: torch.Tensor
    values: torch.Tensor
    index: torch.Tensor
    first: int

    @classmethod
    def of(cls, layer: SpanLayer) -> OffloadedPrompt:
        """Copy a layer that still holds its whole prompt, or as much of it as its window shows."""
        first = layer.n_seen - layer.index.shape[-1]
        return cls(layer.keys.cpu(), layer.values.cpu(), layer.index, first)

    def candidate_index(self, layer: SpanLayer) -> torch.Tensor:
        """Return the index of the prompt's tokens, then of later ones among the slots: (b, g, p + n) int."""
        groups = layer.index.shape[1]
        later = torch.where(layer.index >= self.first + self.index.shape[-1], layer.index, EMPTY)
        return torch.cat([self.index.expand(-1, groups, -1), later], -1)

    def restore(self, layer: SpanLayer, *, index: torch.Tensor, chosen: torch.Tensor) -> None:
        """Make a layer hold the chosen candidates; fetch those that it lacks.

        Parameters
        ----------
        layer
            The layer, changed in place.
        index
            Index (b, g, p + n) int of each candidate, see `candidate_index`.
        chosen
            Mask (b, g, p + n) bool of the candidates that the layer is to hold.
        """
        batch, groups, _ = chosen.shape
        size, held = self.index.shape[-1], layer.index.shape[-1]
        place = layer.index.expand(-1, groups, -1) - self.first  # (b, g, n)
        place = torch.where((place >= 0) & (place < size) & (layer.index != EMPTY), place, size)
        slots = torch.arange(held, device=place.device).expand(batch, groups, -1)
        slot = place.new_full((batch, groups, size + 1), EMPTY).scatter_(2, place, slots)[..., :size]
        missing = (chosen[..., :size] & (slot == EMPTY)).flatten(0, 1).any(0)
        needed = missing.nonzero()[:, 0]  # (u,)
        back = held + missing.cumsum(0) - 1  # each fetched token's place behind the slots
        source = torch.cat([torch.where(slot == EMPTY, back, slot), slots], -1)
        rows = needed.cpu()
        fetched = (
            self.keys[:, :, rows].to(layer.keys.device),
            self.values[:, :, rows].to(layer.values.device),
        )
        layer.select_slots(chosen, index=index, source=source, fetched=fetched)
