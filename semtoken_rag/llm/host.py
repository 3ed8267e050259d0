"""A prompt's keys and values in host memory, from where spans come back to the model's device."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from semtoken_rag.llm.layer import EMPTY, SpanLayer


@dataclass(frozen=True, slots=True)
class Host:
    """All that a layer held of a prompt, written once, so that a span leaves the device without a copy.

    Attributes
    ----------
    keys, values : (b, h, p, d)
        In host memory.
    index : (b, 1, p) int
        Index of each token, on the device; consecutive but for -1 at padding.
    first
        Index of the first place.
    """

    keys: torch.Tensor
    values: torch.Tensor
    index: torch.Tensor
    first: int

    @classmethod
    def of(cls, layer: SpanLayer) -> Host:
        """Copy a layer that still holds its whole prompt, or as much as its window shows."""
        first = layer.seen - layer.index.shape[-1]
        return cls(layer.keys.cpu(), layer.values.cpu(), layer.index, first)

    def candidates(self, layer: SpanLayer) -> torch.Tensor:
        """Index of the prompt's tokens, then of the later ones among the slots: (b, g, p + n) int."""
        groups = layer.index.shape[1]
        later = torch.where(layer.index >= self.first + self.index.shape[-1], layer.index, EMPTY)
        return torch.cat([self.index.expand(-1, groups, -1), later], -1)

    def swap(self, layer: SpanLayer, index: torch.Tensor, chosen: torch.Tensor) -> None:
        """Make the layer hold the chosen ``candidates``, both (b, g, p + n); fetch those it lacks."""
        batch, groups, _ = chosen.shape
        size, held = self.index.shape[-1], layer.index.shape[-1]
        place = layer.index.expand(-1, groups, -1) - self.first  # (b, g, n)
        place = torch.where((place >= 0) & (place < size) & (layer.index != EMPTY), place, size)
        slots = torch.arange(held, device=place.device).expand(batch, groups, -1)
        slot = place.new_full((batch, groups, size + 1), EMPTY).scatter_(2, place, slots)[..., :size]
        missing = (chosen[..., :size] & (slot == EMPTY)).flatten(0, 1).any(0)
        needed = missing.nonzero()[:, 0]  # (u,)
        back = held + missing.cumsum(0) - 1  # place of each fetched token after the slots
        source = torch.cat([torch.where(slot == EMPTY, back, slot), slots], -1)
        where = needed.cpu()
        fetched = (
            self.keys[:, :, where].to(layer.keys.device),
            self.values[:, :, where].to(layer.values.device),
        )
        layer.take(chosen, index, source, fetched)
