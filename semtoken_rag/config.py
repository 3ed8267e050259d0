"""Settings of a call that few callers need."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from semtoken_rag._internal.checks import check_positive, is_share
from semtoken_rag.stages.render import ORDERS
from semtoken_rag.stages.segment import Segmenter, segment


@dataclass(frozen=True, slots=True)
class Config:
    """Settings that few callers need.

    Parameters
    ----------
    min_tokens
        An input of fewer tokens passes unchanged under a ratio; ``max_tokens`` still holds.
    min_chunk_tokens
        Tokens that every chunk gets before the rest of the budget is shared out.
    max_chunk_tokens
        Tokens that one chunk may take; None for any number.
    max_chunk_share
        Share of the budget that one chunk may take, in (0, 1]: bounds what a document made to be kept can
        push out. None for any share.
    protect
        Regular expressions whose matches are never cut.
    order
        Of the chunks: ``best-last``, next to the question that follows them, where small readers know more
        (see docs/experiments.md); ``source``; ``relevance`` (best first); ``edges`` (best first and last).
        None leaves it to the caller: ``best-last`` where a prompt is made, as in `SemToken.compress`, and
        ``relevance`` behind a framework's retriever. Without a question it is ``source``.
    gap
        Stands where something of a chunk was left out: between two pieces, and where a sentence is broken.
    titles
        Print the title of a chunk before its pieces, inside the budget.
    language
        Language code of the sentence rules; None finds it from each text.
    separator
        Stands between chunks in `CompressedContext.text`.
    sanitise_markers
        Break the role markers of chat templates and replace control characters in what is passed on, see
        `semtoken_rag.text.markers`. Pieces still count the source's characters.
    segmenter
        Cuts a text into units.
    deadline
        Seconds that a call may take. If it has no result by then, the fallback result is returned, flagged in
        the stats, see `semtoken_rag.engine.fallback.FallbackEngine`; under ``on_error="raise"`` it is a
        `DeadlineExceeded`.
    max_calls
        Calls of one engine that may run or wait at one time. One more gets the fallback result at once, or an
        `Overloaded`. None for any number.
    threads
        Threads of an encoder that is named, and runs on the CPU: at least 1. More than the cores that the
        process may use are not taken. None takes ``OMP_NUM_THREADS``, else those cores.
    calibration
        A file that ``semtoken calibrate`` made of questions like the caller's, for ``keep`` and the chances
        in the stats. None takes the package's own, which holds for questions like its training part.
    min_relevance
        Chance that the chunks answer the question, in (0, 1): below it `Stats.abstained` is set, and an
        adapter returns no documents or the best alone. None never abstains, and leaves `Stats.answerable` of
        an input that fits unknown.
    trace_text
        Whether traces show the question and the texts, see docs/tracing.md. By default they have figures
        alone.
    """

    min_tokens: int = 0
    min_chunk_tokens: int = 0
    max_chunk_tokens: int | None = None
    max_chunk_share: float | None = None
    protect: tuple[str, ...] = ()
    order: str | None = None
    gap: str = " … "
    titles: bool = False
    language: str | None = None
    separator: str = "\n"
    sanitise_markers: bool = False
    segmenter: Segmenter = segment
    deadline: float | None = None
    max_calls: int | None = None
    threads: int | None = None
    calibration: str | Path | None = None
    min_relevance: float | None = None
    trace_text: bool = False

    def __post_init__(self) -> None:
        for name in ("min_tokens", "min_chunk_tokens"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)!r}")
        if self.max_chunk_tokens is not None and self.max_chunk_tokens < max(1, self.min_chunk_tokens):
            raise ValueError(
                f"max_chunk_tokens must be at least 1 and min_chunk_tokens, got {self.max_chunk_tokens!r}"
            )
        if self.max_chunk_share is not None and not 0 < self.max_chunk_share <= 1:
            raise ValueError(f"max_chunk_share must be in (0, 1], got {self.max_chunk_share!r}")
        if self.deadline is not None and not 0 < self.deadline < math.inf:
            raise ValueError(f"deadline must be a number of seconds above 0, got {self.deadline!r}")
        for name in ("max_calls", "threads"):
            check_positive(name, 1 if getattr(self, name) is None else getattr(self, name))
        _check_share("min_relevance", self.min_relevance)
        if not isinstance(self.trace_text, bool):
            raise ValueError(f"trace_text must be True or False, got {self.trace_text!r:.80}")
        object.__setattr__(self, "calibration", _plain_path(self.calibration))
        if self.order is not None and self.order not in ORDERS:
            raise ValueError(f"order must be one of {ORDERS}, got {self.order!r:.80}")
        for pattern in self.protect:
            _check_pattern(pattern)

    def chunk_bound(self, budget: int) -> int | None:
        """Return the tokens that one chunk may take of a budget, None for any number.

        >>> Config(max_chunk_tokens=50, max_chunk_share=0.25).chunk_bound(100)
        25
        """
        bounds = [] if self.max_chunk_tokens is None else [self.max_chunk_tokens]
        if self.max_chunk_share is not None:
            bounds.append(int(self.max_chunk_share * budget))
        return min(bounds, default=None)

    def order_for(self, query: str) -> str:
        """Return the order of the chunks for a question, which may be empty.

        >>> Config().order_for("Who?"), Config().order_for("")
        ('best-last', 'source')
        """
        return (self.order or "best-last") if query else "source"


def _check_share(name: str, value: object) -> None:
    if value is not None and not is_share(value):
        raise ValueError(f"{name} must be in (0, 1), got {value!r:.80}")


def _plain_path(given: object) -> str | None:
    """Return a path as text, which JSON can hold."""
    if given is not None and not isinstance(given, str | Path):
        raise ValueError(f"calibration must be a path or None, got {given!r:.80}")
    return None if given is None else str(given)


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ValueError(
            f"protect must hold regular expressions, got {pattern!r:.80}: {error!s:.80}"
        ) from None
