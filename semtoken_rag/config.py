"""Settings of a call that few callers need."""

from __future__ import annotations

import re
from dataclasses import dataclass

from semtoken_rag.render import ORDERS
from semtoken_rag.segment import Segmenter, segment


@dataclass(frozen=True, slots=True)
class Config:
    """Settings that few callers need.

    Parameters
    ----------
    min_tokens
        An input of fewer tokens passes unchanged under a ratio; ``max_tokens`` still holds.
    floor, ceiling
        Tokens that every chunk gets before the rest is shared out, and that one chunk may take at most.
    protect
        Regular expressions whose matches are never cut.
    order
        Of the chunks: ``source``, ``relevance`` (best first) or ``edges`` (best first and last).
    gap
        Stands where something of a chunk was left out.
    separator
        Stands between chunks in `CompressedContext.text`.
    segmenter
        Cuts a text into units.
    """

    min_tokens: int = 0
    floor: int = 0
    ceiling: int | None = None
    protect: tuple[str, ...] = ()
    order: str = "source"
    gap: str = " "
    separator: str = "\n"
    segmenter: Segmenter = segment

    def __post_init__(self) -> None:
        for name in ("min_tokens", "floor"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)!r}")
        if self.ceiling is not None and self.ceiling < max(1, self.floor):
            raise ValueError(f"ceiling must be at least 1 and the floor, got {self.ceiling!r}")
        if self.order not in ORDERS:
            raise ValueError(f"order must be one of {ORDERS}, got {self.order!r}")
        for pattern in self.protect:
            try:
                re.compile(pattern)
            except (re.error, TypeError) as error:
                raise ValueError(f"protect must hold regular expressions, got {pattern!r}: {error}") from None
