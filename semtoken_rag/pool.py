"""`BudgetPool`: one total of tokens for several questions, shared where a token gains the most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from semtoken_rag._internal.checks import check_positive
from semtoken_rag.compressor import SemToken
from semtoken_rag.context import CompressedContext
from semtoken_rag.types import Chunk, Granularity

Call: TypeAlias = tuple[Sequence[str | Chunk], str | None]
Curve: TypeAlias = Sequence[tuple[int, float]]

ALMOST_ALL = math.nextafter(1.0, 0.0)  # as a ratio: nothing fits whole, so that there is a curve of it


@dataclass(frozen=True, slots=True)
class BudgetPool:
    """Tokens that several questions, or the turns of a conversation, share.

    Parameters
    ----------
    tokens
        Most tokens of all results together, at least 1.

    Raises
    ------
    ValueError
        If ``tokens`` is no int of at least 1; the message has the value received.

    Examples
    --------
    >>> BudgetPool(30).shares([[(10, 0.9), (20, 0.95)], [(10, 0.2), (20, 0.8)]])
    [10, 20]
    """

    tokens: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", check_positive("tokens", self.tokens))

    def compress(self, engine: SemToken, calls: Sequence[Call]) -> list[CompressedContext]:
        """Compress several calls within the total.

        A call is first compressed within the whole total, which gives its curve, and again within its share
        if its result is larger. A call without a curve, which has no question or whose encoder has no
        calibration, gets an even share. If the first results fit together, they are returned.

        Parameters
        ----------
        engine
            Compresses.
        calls
            Chunks and question of each call, as `SemToken.compress` takes them; at most one for each token.

        Returns
        -------
        list of CompressedContext
            In the order of ``calls``, which does not matter otherwise. Their ``stats.tokens_after`` have a
            sum of at most the total.

        Raises
        ------
        ValueError
            If ``calls`` is empty, is longer than the total, or holds anything but pairs, or if the engine
            refuses an argument; the message has the value received.
        """
        given = _pairs(calls)
        self._check_number(len(given), "calls")
        first = [engine.compress(chunks, query, max_tokens=self.tokens) for chunks, query in given]
        if sum(context.stats.tokens_after for context in first) <= self.tokens:
            return first
        curves = [self._curve(engine, call, found) for call, found in zip(given, first, strict=True)]
        even = self.tokens // len(given)
        order = sorted(range(len(given)), key=lambda i: _content(given[i]))
        held = [1 if curves[i] else min(even, max(1, first[i].stats.tokens_after)) for i in order]
        shared = dict(zip(order, _fill(held, [curves[i] for i in order], self.tokens), strict=True))
        return [
            found
            if found.stats.tokens_after <= shared[i]
            else engine.compress(chunks, query, max_tokens=shared[i])
            for i, ((chunks, query), found) in enumerate(zip(given, first, strict=True))
        ]

    def shares(self, curves: Sequence[Curve]) -> list[int]:
        """Return the tokens of each of several calls.

        Each call gets one token. Then steps of the concave hulls of the curves are taken, the one with the
        steepest gain of chance per token first. Where a step does not fit, the hull is that of the points
        that do. What is left goes to the steepest step that did not fit, or evenly to all.

        Parameters
        ----------
        curves
            Of each call tokens and the chance that nothing wanted is lost, rising, see
            `CompressedContext.curve`; that of no tokens is 0. An empty one gets an even share.

        Returns
        -------
        list of int
            At least 1 each, with a sum of at most the total.

        Raises
        ------
        ValueError
            If there are no curves, or more than tokens; the message has their number.
        """
        self._check_number(len(curves), "curves")
        even = self.tokens // len(curves)
        return _fill([1 if curve else even for curve in curves], curves, self.tokens)

    def _check_number(self, number: int, of: str) -> None:
        if not 1 <= number <= self.tokens:
            raise ValueError(f"{of} must be 1 to {self.tokens}, one for each token at most, got {number}")

    def _curve(self, engine: SemToken, call: Call, found: CompressedContext) -> Curve:
        """Return the curve of a call with all that its text costs, up to the whole input."""
        if found.curve and not found.units:  # it fits, and nothing was asked of its units
            found = engine.compress(*call, max_tokens=self.tokens, ratio=ALMOST_ALL)
        if not found.curve:
            return ()
        counted = sum(
            unit.cost
            for unit in found.units
            if unit.granularity is Granularity.FINE and unit.scores.get("probability", 0) > 0
        )
        # Headings and what a prompt adds are paid for each chunk, and the curve does not count them.
        chunks = len(found.chunks)
        more = max(0, found.stats.tokens_after - counted) / max(1, chunks)
        paid = (
            (tokens + math.ceil(more * min(n, chunks)), chance)
            for n, (tokens, chance) in enumerate(found.curve, 1)
        )
        return (*paid, (found.stats.tokens_before, found.curve[-1][1]))


def _pairs(calls: Sequence[Call]) -> list[Call]:
    """Return the calls; raise ValueError for anything but pairs."""
    if isinstance(calls, str | bytes) or not isinstance(calls, Sequence):
        raise ValueError(f"calls must be a sequence of (chunks, question), got {calls!r:.80}")
    if not calls:
        raise ValueError(f"calls must hold at least one (chunks, question), got {calls!r}")
    for place, call in enumerate(calls):
        if not isinstance(call, tuple | list) or len(call) != 2:
            raise ValueError(f"calls must hold pairs (chunks, question), got {call!r:.80} at {place}")
        if not isinstance(call[0], Sequence):
            raise ValueError(f"chunks must be a sequence, got {call[0]!r:.80} at {place}")
    return [(chunks, query) for chunks, query in calls]


def _content(call: Call) -> tuple[str, list[str]]:
    """Return what a call is told apart by, whatever its place."""
    chunks, query = call
    return query or "", [repr(chunk) for chunk in chunks]


def _fill(held: Sequence[int], curves: Sequence[Curve], tokens: int) -> list[int]:
    """Give out what is left of a total; see `BudgetPool.shares`.

    Parameters
    ----------
    held
        Tokens that each call has already.
    curves
        Of each call; empty where nothing is known.
    tokens
        The total.

    Returns
    -------
    list of int
        Tokens of each call.
    """
    out, left = list(held), tokens - sum(held)
    tables = [np.array(sorted(curve), np.float64).reshape(-1, 2) for curve in curves]
    at = [(0.0, 0.0) for _ in curves]
    next_ = [_steepest(table, (0.0, 0.0), have + left) for table, have in zip(tables, out, strict=True)]
    ranked = sorted(range(len(curves)), key=lambda i: tables[i].tolist())
    while next_[i := max(ranked, key=lambda j: next_[j][0])][0] >= 0:
        _, place = next_[i]
        at[i] = (float(tables[i][place, 0]), float(tables[i][place, 1]))
        need = max(0, int(at[i][0]) - out[i])
        out[i], left = out[i] + need, left - need
        for j, (slope, far) in enumerate(next_):
            if j == i or (slope >= 0 and tables[j][far, 0] > out[j] + left):
                next_[j] = _steepest(tables[j], at[j], out[j] + left)
    wanted = [_steepest(table, place, math.inf)[0] for table, place in zip(tables, at, strict=True)]
    best = max(ranked, key=lambda i: wanted[i])
    if wanted[best] >= 0:
        out[best] += left
        return out
    return [each + left // len(out) for each in out]


def _steepest(curve: NDArray[np.float64], at: tuple[float, float], most: float) -> tuple[float, int]:
    """Return the next step of the concave hull of a curve.

    Parameters
    ----------
    curve
        (n, 2) float64, tokens and chances, rising.
    at
        Tokens and chance that are reached.
    most
        Tokens that can be paid.

    Returns
    -------
    (float, int)
        Gain of chance per token, and the place of its end in the curve: the farthest of those that gain
        most. -1 and -1 if no point can be reached.

    Examples
    --------
    >>> curve = np.array([(10, 0.125), (20, 0.75), (30, 1.0)])
    >>> _steepest(curve, (0, 0), 30), _steepest(curve, (0, 0), 19), _steepest(curve, (20, 0.75), 29)
    ((0.0375, 1), (0.0125, 0), (-1.0, -1))
    """
    first = int(np.searchsorted(curve[:, 0], at[0], side="right"))
    last = int(np.searchsorted(curve[:, 0], most, side="right"))
    if first >= last:
        return -1.0, -1
    steps = curve[first:last] - np.array(at)
    slopes = np.maximum(steps[:, 1], 0.0) / steps[:, 0]
    place = len(slopes) - 1 - int(slopes[::-1].argmax())
    return float(slopes[place]), first + place
