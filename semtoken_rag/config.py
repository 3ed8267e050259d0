"""Settings of a call that few callers need."""

from __future__ import annotations

import math
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
    share
        Of the budget, that one chunk may take at most, in (0, 1]: bounds what a document made to be kept can
        push out.
    protect
        Regular expressions whose matches are never cut.
    order
        Of the chunks: ``best-last``, next to the question that follows them, where small readers know more
        (the README has figures); ``source``; ``relevance`` (best first); ``edges`` (best first and last).
        Without a question it is ``source``.
    gap
        Stands where something of a chunk was left out.
    separator
        Stands between chunks in `CompressedContext.text`.
    neutralise
        Break what chat templates mark roles with and replace control characters in what is passed on, see
        `semtoken_rag.markers`. Pieces still count the source's characters.
    segmenter
        Cuts a text into units.
    deadline
        Seconds that a call may take. Where an encoder or a store is not done by then, or hangs, the result is
        a spare one, flagged in the stats, see `semtoken_rag.fallback.Spare`; under ``on_error="raise"`` a
        `DeadlineExceeded`.
    max_calls
        Calls of one engine that may be under way or waiting at one time; one more gets a spare result at
        once, or an `Overloaded`. None for any number.
    """

    min_tokens: int = 0
    floor: int = 0
    ceiling: int | None = None
    share: float | None = None
    protect: tuple[str, ...] = ()
    order: str = "best-last"
    gap: str = " "
    separator: str = "\n"
    neutralise: bool = False
    segmenter: Segmenter = segment
    deadline: float | None = None
    max_calls: int | None = None

    def __post_init__(self) -> None:
        for name in ("min_tokens", "floor"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)!r}")
        if self.ceiling is not None and self.ceiling < max(1, self.floor):
            raise ValueError(f"ceiling must be at least 1 and the floor, got {self.ceiling!r}")
        if self.share is not None and not 0 < self.share <= 1:
            raise ValueError(f"share must be in (0, 1], got {self.share!r}")
        if self.deadline is not None and not 0 < self.deadline < math.inf:
            raise ValueError(f"deadline must be a number of seconds above 0, got {self.deadline!r}")
        if self.max_calls is not None and self.max_calls < 1:
            raise ValueError(f"max_calls must be at least 1, got {self.max_calls!r}")
        if self.order not in ORDERS:
            raise ValueError(f"order must be one of {ORDERS}, got {self.order!r:.80}")
        for pattern in self.protect:
            try:
                re.compile(pattern)
            except (re.error, TypeError) as error:
                raise ValueError(
                    f"protect must hold regular expressions, got {pattern!r:.80}: {error!s:.80}"
                ) from None

    def order_for(self, query: str) -> str:
        """Return the order of the chunks for a question, which may be empty.

        >>> Config().order_for("Who?"), Config().order_for("")
        ('best-last', 'source')
        """
        return self.order if query else "source"
