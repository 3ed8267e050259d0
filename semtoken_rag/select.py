"""Budgeted selection: which units are kept, best first, and what the last tokens of the budget still buy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from semtoken_rag.types import FloatArray, Granularity, IntArray, Selection, Units

TEMPERATURE = 1.43  # of the softmax over the scores, which are too sure of themselves


@dataclass
class Ledger:
    """Running account of a selection: what is kept and what it costs.

    Parameters
    ----------
    units
        The candidates.
    cost : (m,) int
        Tokens of each unit.
    budget
        Tokens that all kept units may cost together.
    ceiling
        Tokens that the units of one chunk may cost; None for no bound.
    duplicate : (m,) int
        Group of each unit, of which only one is kept; -1 for units without a double. None where all differ.
    """

    units: Units
    cost: IntArray
    budget: int
    ceiling: int | None = None
    duplicate: IntArray | None = None
    order: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = self.budget
        self.kept = np.zeros(len(self.units), bool)
        self.parts: dict[int, tuple[int, int]] = {}  # character range of each unit that is kept in part
        self._groups: set[int] = set()
        self.spent = np.zeros(int(self.units.chunk.max(initial=-1)) + 1, np.int64)  # tokens by chunk

    def price(self, unit: int) -> int:
        """Tokens that keeping ``unit`` costs now: itself and, where not yet kept, what travels with it."""
        parent = int(self.units.parent[unit])
        return int(self.cost[unit]) + (int(self.cost[parent]) if parent >= 0 and not self.kept[parent] else 0)

    def room(self, unit: int) -> int:
        """Tokens that ``unit`` may cost at most."""
        if self.ceiling is None:
            return self.left
        return min(self.left, self.ceiling - int(self.spent[self.units.chunk[unit]]))

    def doubled(self, unit: int) -> bool:
        """Tell whether a double of ``unit`` is kept."""
        return self.duplicate is not None and int(self.duplicate[unit]) in self._groups

    def keep(self, unit: int) -> bool:
        """Keep ``unit`` and what travels with it where that fits; tell whether it is kept."""
        if self.kept[unit]:
            return True
        price = self.price(unit)
        if self.doubled(unit) or price > self.room(unit):
            return False
        parent = int(self.units.parent[unit])
        for each in (parent, unit):
            if each >= 0 and not self.kept[each]:
                self.kept[each] = True
                self.order.append(each)
        self._charge(unit, price)
        return True

    def keep_part(self, unit: int, part: tuple[int, int], price: int) -> None:
        """Keep the character range ``part`` of ``unit``, which must fit."""
        self.parts[unit] = part
        self.order.append(unit)
        self._charge(unit, price)

    def _charge(self, unit: int, price: int) -> None:
        if self.duplicate is not None and self.duplicate[unit] >= 0:
            self._groups.add(int(self.duplicate[unit]))
        self.left -= price
        self.spent[self.units.chunk[unit]] += price


def select(
    scores: FloatArray,
    ledger: Ledger,
    gain: Callable[[int], FloatArray] | None = None,
    hops: int = 0,
    cut: Callable[[int], bool] | None = None,
    cost_exponent: float = 0.0,
) -> tuple[FloatArray, dict[int, int]]:
    """Keep the best units that fit, the first ``hops`` of them lending a gain to the others.

    Parameters
    ----------
    scores : (m,) float
        Log-odds that a unit is wanted, higher = keep.
    ledger
        Filled in place.
    gain
        Kept unit to what every unit gains by it, (m,) >= 0.
    cost_exponent
        Units come by score - cost_exponent * log(cost): 0 = by score, 1 = by expected gold per token.
    cut
        Keeps what fits of a unit and tells whether it could. Asked for the first unit that does not fit
        whole, where that is worth more than the units that would take its place.

    Returns
    -------
    (m,) float
        The scores with their gains.
    dict of int to int
        Which kept unit each unit owes its gain to, of those kept before it.
    """
    scores = scores.astype(np.float32, copy=True)
    best = np.zeros_like(scores)
    lender: dict[int, int] = {}
    greedy = _Greedy(ledger, cut, cost_exponent)
    for _ in range(hops if gain else 0):
        unit = next(greedy.keep_best(scores + best), None)
        if unit is None or gain is None:
            break
        gained = gain(unit)
        for other in np.flatnonzero((gained > best) & ~ledger.kept):
            lender[int(other)] = unit
        best = np.maximum(best, gained)
    for _ in greedy.keep_best(scores + best):
        pass
    return scores + best, lender


class _Greedy:
    """Keeps units, best first, and remembers which have had their turn."""

    def __init__(self, ledger: Ledger, cut: Callable[[int], bool] | None, cost_exponent: float) -> None:
        self.ledger, self.cut = ledger, cut
        self.discount = (cost_exponent * np.log(np.maximum(ledger.cost, 1))).astype(np.float32)
        self.passed = ledger.kept.copy()

    def keep_best(self, values: FloatArray) -> Iterator[int]:
        """Keep the best units that fit, one a step."""
        for unit in self._order(values):
            self.passed[unit] = True
            if self.ledger.keep(unit):
                yield unit
            elif self.cut is not None and not self.ledger.doubled(unit):
                cut, self.cut = self.cut, None  # the first that does not fit is the one worth most
                if self._worth_cutting(unit, values):
                    cut(unit)

    def _worth_cutting(self, unit: int, values: FloatArray) -> bool:
        """Compare what fits of ``unit`` with the units that would fit in its place, by expected gold."""
        share = np.exp((values - values.max()) / TEMPERATURE)
        left = self.ledger.room(unit)
        part, others = float(share[unit]) * left / self.ledger.price(unit), 0.0
        for other in self._order(values):
            if others >= part:
                break
            if (price := self.ledger.price(other)) <= left:
                left, others = left - price, others + float(share[other])
        return others < part

    def _order(self, values: FloatArray) -> list[int]:
        """Units that have not had their turn, best first."""
        order = np.argsort(self.discount - values, kind="stable")
        found: list[int] = order[~self.passed[order]].tolist()
        return found


def duplicates(texts: Sequence[str]) -> IntArray:
    """Group of each text among those that are the same but for case and blanks; -1 without a double: (m,)."""
    groups: dict[str, list[int]] = {}
    for i, text in enumerate(texts):
        groups.setdefault(" ".join(text.lower().split()), []).append(i)
    out = np.full(len(texts), -1, np.int64)
    for number, members in enumerate(g for g in groups.values() if len(g) > 1):
        out[members] = number
    return out


def explained(lender: Mapping[int, int]) -> dict[int, str]:
    """Say of each unit which other one it owes its gain to."""
    return {unit: f"explains what unit {by} mentions" for unit, by in lender.items()}


def selection(
    ledger: Ledger, scores: dict[str, FloatArray], reasons: dict[int, str] | None = None
) -> Selection:
    """Write the ledger down as a `Selection`."""
    granularity = np.where(ledger.kept, Granularity.FINE, Granularity.DROPPED).astype(np.int64)
    chars = ledger.units.chars.copy()
    for unit, part in ledger.parts.items():
        granularity[unit], chars[unit] = Granularity.COARSE, part
    return Selection(granularity, np.array(ledger.order, np.int64), chars, scores, reasons or {})
