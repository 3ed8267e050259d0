"""What a call came to, in words: how sure it is, what ended its selection, whether the chunks answer."""

from __future__ import annotations

import math

from semtoken_rag.result import Stats


def percent(chance: float) -> str:
    """Return a chance in whole per cent, never more than it is.

    >>> percent(0.978), percent(0.95), percent(0.004)
    ('97 %', '95 %', '<1 %')
    """
    whole = math.floor(100 * chance + 1e-9)
    return f"{whole} %" if whole else "<1 %"


def duration(seconds: float) -> str:
    """Return seconds, less than one in milliseconds.

    >>> duration(97.4989), duration(0.0123)
    ('97.5 s', '12.3 ms')
    """
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def saved(stats: Stats) -> str:
    """Return what a call saved, in tokens and as a factor."""
    times = "" if stats.factor is None else f" ({stats.factor:,.1f} times fewer)"
    return f"{stats.saved:,} saved{times}"


def encoder(stats: Stats) -> str:
    """Return the encoder, and what it runs on if that is known."""
    return stats.encoder if stats.device is None else f"{stats.encoder} on {stats.device}"


def summary(stats: Stats) -> str:
    """Return the tokens and all that `sentences` says, in one line."""
    said = [f"{stats.tokens_after:,} of {stats.tokens_before:,} tokens", _promise(stats), _answer(stats)]
    return "; ".join(filter(None, said))


def sentences(stats: Stats) -> list[str]:
    """Return how sure a call is and what ended it, and whether the chunks answer, as far as that is known."""
    return [f"{said[0].upper()}{said[1:]}." for said in (_promise(stats), _answer(stats)) if said]


def _promise(stats: Stats) -> str:
    if stats.cut_by is None:
        return "nothing is left out"
    if not stats.tokens_after and stats.cut_by in ("max_tokens", "ratio"):
        return f"nothing fits in {stats.budget:,} {'token' if stats.budget == 1 else 'tokens'}"
    cut = f"cut by {stats.cut_by}"
    if stats.keep is not None:
        cut = (
            f"cut by keep={stats.keep}"
            if stats.cut_by == "keep"
            else f"{cut} before keep={stats.keep} is reached"
        )
    if stats.confidence is None:
        return cut
    return f"{percent(stats.confidence)} sure that nothing wanted is lost, {cut}"


def _answer(stats: Stats) -> str:
    """Return whether the chunks seem to answer the question; empty if that is not known."""
    if (chance := stats.answerable) is None:
        return ""
    seem = "may or may not" if 1 / 3 < chance < 2 / 3 else "seem to" if chance > 0.5 else "do not seem to"
    return f"the documents {seem} answer the question (chance {percent(chance)})"
