"""Budgeted selection: which units are kept, best first, and what the last tokens of the budget still buy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from semtoken_rag.types import FloatArray, Granularity, IntArray, Selection, Units


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
    """

    units: Units
    cost: IntArray
    budget: int
    ceiling: int | None = None
    order: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = self.budget
        self.kept = np.zeros(len(self.units), bool)
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

    def keep(self, unit: int) -> bool:
        """Keep ``unit`` and what travels with it where that fits; tell whether it is kept."""
        if self.kept[unit]:
            return True
        price = self.price(unit)
        if price > self.room(unit):
            return False
        parent = int(self.units.parent[unit])
        for each in (parent, unit):
            if each >= 0 and not self.kept[each]:
                self.kept[each] = True
                self.order.append(each)
        self.left -= price
        self.spent[self.units.chunk[unit]] += price
        return True


def select(
    scores: FloatArray,
    ledger: Ledger,
    gain: Callable[[int], FloatArray] | None = None,
    hops: int = 0,
    duplicate: IntArray | None = None,
) -> tuple[FloatArray, dict[int, int]]:
    """Keep the best units that fit, the first ``hops`` of them lending a gain to the others.

    Parameters
    ----------
    scores : (m,) float
        Higher = keep.
    ledger
        Filled in place.
    gain
        Kept unit to what every unit gains by it, (m,) >= 0.
    duplicate : (m,) int
        Group of each unit; only the first of a group is kept, -1 for units without a double.

    Returns
    -------
    (m,) float
        The scores with their gains.
    dict of int to int
        Which kept unit each unit owes its gain to.
    """
    scores = scores.astype(np.float32, copy=True)
    best = np.zeros_like(scores)
    lender: dict[int, int] = {}
    seen: set[int] = set()

    def take(unit: int) -> bool:
        group = -1 if duplicate is None else int(duplicate[unit])
        if group in seen or not ledger.keep(unit):
            return False
        if group >= 0:
            seen.add(group)
        return True

    skipped = np.zeros(len(scores), bool)
    for _ in range(hops if gain else 0):
        unit = _take_best(scores + best, ledger, skipped, take)
        if unit < 0:
            return scores + best, lender
        gained = gain(unit) if gain else best
        for other in np.flatnonzero(gained > best):
            lender[int(other)] = unit
        best = np.maximum(best, gained)
    for unit in np.argsort(-(scores + best), kind="stable"):
        if not ledger.kept[unit]:
            take(int(unit))
    return scores + best, lender


def _take_best(values: FloatArray, ledger: Ledger, skipped: np.ndarray, take: Callable[[int], bool]) -> int:
    """Take the best unit that can be taken and return it, -1 where none can; the others go to ``skipped``."""
    while True:
        candidates = np.where(ledger.kept | skipped, -np.inf, values)
        unit = int(candidates.argmax()) if len(candidates) else -1
        if unit < 0 or candidates[unit] == -np.inf:
            return -1
        if take(unit):
            return unit
        skipped[unit] = True


def duplicates(texts: Sequence[str]) -> IntArray:
    """Group of each text among those that are the same but for case and blanks; -1 without a double: (m,)."""
    groups: dict[str, list[int]] = {}
    for i, text in enumerate(texts):
        groups.setdefault(" ".join(text.lower().split()), []).append(i)
    out = np.full(len(texts), -1, np.int64)
    for number, members in enumerate(g for g in groups.values() if len(g) > 1):
        out[members] = number
    return out


def selection(
    units: Units,
    ledger: Ledger,
    scores: dict[str, FloatArray],
    coarse: dict[int, tuple[int, int]] | None = None,
    reasons: dict[int, str] | None = None,
) -> Selection:
    """Write the ledger down as a `Selection`; ``coarse`` maps a unit to the character range kept of it."""
    granularity = np.where(ledger.kept, Granularity.FINE, Granularity.DROPPED).astype(np.int64)
    chars = units.chars.copy()
    for unit, kept in (coarse or {}).items():
        granularity[unit], chars[unit] = Granularity.COARSE, kept
    order = np.array([*ledger.order, *(coarse or {})], np.int64)
    return Selection(granularity, order, chars, scores, reasons or {})
