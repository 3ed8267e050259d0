"""How the next token is picked."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Sampler:
    """Picks the next token.

    Parameters
    ----------
    temperature
        0 takes the likeliest token, at least 0.
    top_p
        Total probability of the likeliest tokens that are drawn from, in (0, 1].
    seed
        The same seed gives the same draws.

    Raises
    ------
    ValueError
        If ``temperature`` or ``top_p`` is out of range.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ValueError(f"temperature must be at least 0, got {self.temperature!r}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1], got {self.top_p!r}")

    def generator(self) -> torch.Generator:
        """Return a random generator for one answer."""
        return torch.Generator().manual_seed(self.seed)

    def pick(self, logits: torch.Tensor, generator: torch.Generator) -> int:
        """Return the token picked by logits (v,)."""
        if not self.temperature:
            return int(logits.argmax())
        chances, order = (logits.float().cpu() / self.temperature).softmax(-1).sort(descending=True)
        before = chances.cumsum(-1) - chances
        return int(order[torch.multinomial(chances * (before < self.top_p), 1, generator=generator)])
