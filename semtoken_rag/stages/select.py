"""Budgeted selection: which units are kept, best first, under the budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import gt

import numpy as np

from semtoken_rag.text.wording import loose_form, strict_form
from semtoken_rag.types import LIMIT, FloatArray, Granularity, IntArray, Selection, Units

TEMPERATURE = 1.43  # of the softmax over the scores, which are too sure of themselves


@dataclass
class Ledger:
    """Budget account of a selection: what is kept and what it costs.

    Parameters
    ----------
    units
        The candidates.
    cost : (m,) int
        Tokens of each unit.
    budget
        Tokens that all kept units may cost together.
    max_chunk_tokens
        Tokens that the units of one chunk may cost; None for any number.
    duplicate : (m,) int
        Group of each unit, of which only one is kept; -1 for a unit without a duplicate. None if all differ.
    chunk_cost : (c,) int
        Tokens that a chunk costs besides its units once one of them is kept. None for no tokens.
    gap_cost : (m,) int
        Tokens of the mark that stands where units beside each are left out. None for no tokens.
    """

    units: Units
    cost: IntArray
    budget: int
    max_chunk_tokens: int | None = None
    duplicate: IntArray | None = None
    chunk_cost: IntArray | None = None
    gap_cost: IntArray | None = None
    order: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        chunks = int(self.units.chunk.max(initial=-1)) + 1
        self.left = self.budget
        self.kept = np.zeros(len(self.units), bool)
        self.parts: dict[int, tuple[int, int]] = {}  # character range of each unit that is kept in part
        self.steps: list[int] = []  # how much of ``order`` is kept after each decision
        self.spent = np.zeros(chunks, np.int64)  # tokens by chunk
        self._opened: set[int] = set()  # chunks of which something is kept
        self._groups: set[int] = set()
        self._cost: list[int] = self.cost.tolist()
        self._gap_cost: list[int] = [] if self.gap_cost is None else self.gap_cost.tolist()
        self._parent = self.units.parent.tolist()
        self._parents = set(self._parent)
        self._chunk = self.units.chunk.tolist()
        self.mark = int(self.gap_cost.max(initial=0)) if self.gap_cost is not None else 0
        self._left = self.units.is_left
        self._links = self.units.links()

    def missing(self, unit: int) -> list[int]:
        """Return ``unit`` and what it hangs on, as far as they are not kept, the farthest first."""
        chain = []
        while unit >= 0:
            if not self.kept[unit]:
                chain.append(unit)
            unit = self._parent[unit]
        return chain[::-1]

    def needed(self, unit: int) -> list[list[int]]:
        """Return what is `missing` by chunk, with what limits it and the rest of a sentence that was cut."""
        if not self._links:
            return [missing] if (missing := self.missing(unit)) else []
        found: set[int] = set()
        todo = [unit]
        while todo:
            new = set(self.missing(todo.pop())) - found
            found |= new
            todo += [link for each in new for link in self._links.get(each, ())]
        by_chunk: dict[int, list[int]] = {}
        for each in sorted(found):
            by_chunk.setdefault(self._chunk[each], []).append(each)
        return list(by_chunk.values())

    def marginal_cost(self, unit: int) -> int:
        """Return the tokens that keeping ``unit`` adds: its own, and those of all else that is `needed`."""
        return sum(map(self._bill, self.needed(unit)))

    def _bill(self, added: Sequence[int]) -> int:
        return sum(self._cost[each] for each in added) + self._around(added)

    def _around(self, added: Sequence[int]) -> int:
        """Return the tokens of gaps and of the chunk that keeping ``added``, of one chunk, brings along."""
        chunk = self._chunk[added[-1]]
        first = chunk not in self._opened
        opening = int(self.chunk_cost[chunk]) if first and self.chunk_cost is not None else 0
        if not self.mark:
            return opening
        gaps, new = 0, set(added)
        for unit in added:
            beside = 1 - int(first and unit == added[0])
            beside -= unit - 1 in new or self._is_kept(unit - 1, chunk)
            beside -= unit + 1 not in new and self._is_kept(unit + 1, chunk)
            gaps += beside * self._gap_cost[unit]
        return opening + gaps

    def _is_kept(self, unit: int, chunk: int) -> bool:
        return 0 <= unit < len(self._chunk) and self._chunk[unit] == chunk and bool(self.kept[unit])

    def remaining(self, unit: int) -> int:
        """Return the tokens that ``unit`` may cost: of the budget, and of its chunk's bound."""
        return self._room(self._chunk[unit])

    def _room(self, chunk: int) -> int:
        if self.max_chunk_tokens is None:
            return self.left
        return int(min(self.left, self.max_chunk_tokens - self.spent[chunk]))

    def room_for_part(self, unit: int, marks: int = 2) -> int:
        """Return the tokens that a part of ``unit`` may cost beside what it hangs on and its ``marks``."""
        missing = self.missing(unit)
        heads = sum(self._cost[each] for each in missing[:-1])
        return int(self.remaining(unit) - heads - self._around(missing) - marks * self.mark)

    def has_children(self, unit: int) -> bool:
        """Return whether a unit hangs on ``unit``."""
        return unit in self._parents

    def may_part(self, unit: int) -> bool:
        """Return whether a part of ``unit`` may be kept: nothing hangs on it or comes with it but parents."""
        kinds, links = self.units.kinds, self._links
        return not self.has_children(unit) and not any(
            kinds[link] == LIMIT and not self.kept[link]
            for each in self.missing(unit)
            for link in links.get(each, ())
        )

    def has_kept_duplicate(self, unit: int) -> bool:
        """Return whether a duplicate of ``unit`` is kept, or the unit is left to its twin."""
        return bool(self._left[unit]) or (
            self.duplicate is not None and int(self.duplicate[unit]) in self._groups
        )

    def broken(self, unit: int) -> tuple[bool, bool]:
        """Return whether the sentence of ``unit`` begins, and whether it ends, in another chunk."""
        before = -1 if self.units.continues is None else int(self.units.continues[unit])
        return before >= 0, any(link != before for link in self._links.get(unit, ()))

    def keep(self, unit: int) -> bool:
        """Keep ``unit`` and all that is `needed` with it if they fit; return whether it is kept."""
        if self.kept[unit]:
            return True
        if self.has_kept_duplicate(unit):
            return False
        needed = self.needed(unit)
        bills = [self._bill(added) for added in needed]
        if sum(bills) > self.left:
            return False
        rooms = [self._room(self._chunk[added[0]]) for added in needed]
        cut = not self.parts.keys().isdisjoint(each for added in needed for each in added)
        if cut or any(map(gt, bills, rooms)):
            return False
        for added, bill in zip(needed, bills, strict=True):
            self._add(added)
            self._charge(self._chunk[added[0]], bill)
        self.steps.append(len(self.order))
        return True

    def keep_span(self, unit: int, part: tuple[int, int], cost: int, marks: int = 2) -> None:
        """Keep the character range ``part`` of ``unit``, and what the unit hangs on; they must fit.

        Parameters
        ----------
        unit
            Number of the unit.
        part
            Character range in the chunk's text.
        cost
            Tokens of the part alone.
        marks
            Number of marks that show where the unit was broken.
        """
        missing = self.missing(unit)
        cost += sum(self._cost[each] for each in missing[:-1]) + self._around(missing) + marks * self.mark
        self._add(missing)
        self.kept[unit] = False
        self.parts[unit] = part
        self._charge(self._chunk[unit], cost)
        self.steps.append(len(self.order))

    def _add(self, units: Sequence[int]) -> None:
        for each in units:
            self.kept[each] = True
            self.order.append(each)
            if self.duplicate is not None and self.duplicate[each] >= 0:
                self._groups.add(int(self.duplicate[each]))

    def end_floor(self) -> None:
        """Take what is kept so far for one decision."""
        self.steps = [len(self.order)] if self.order else []

    def to_selection(
        self, scores: Mapping[str, FloatArray], reasons: Mapping[int, str] | None = None
    ) -> Selection:
        """Return what is kept, with the scores (m,) by name and the reasons by unit."""
        granularity = np.where(self.kept, Granularity.FINE, Granularity.DROPPED).astype(np.int64)
        chars = self.units.chars.copy()
        for unit, part in self.parts.items():
            granularity[unit], chars[unit] = Granularity.COARSE, part
        order, steps = np.array(self.order, np.int64), np.array(self.steps, np.int64)
        return Selection(granularity, order, chars, scores, reasons or {}, steps=steps)

    def _charge(self, chunk: int, cost: int) -> None:
        self.left -= cost
        self.spent[chunk] += cost
        self._opened.add(chunk)


def greedy_select(
    scores: FloatArray,
    ledger: Ledger,
    gain: Callable[[int], FloatArray] | None = None,
    hops: int = 0,
    cut: Callable[[int], bool] | None = None,
    cost_exponent: float = 0.0,
) -> tuple[FloatArray, dict[int, int]]:
    """Keep the best units that fit; the first ``hops`` of them raise the others by a gain.

    Parameters
    ----------
    scores
        Log-odds that a unit is wanted, (m,) float, higher = keep.
    ledger
        Filled in place.
    gain
        From a kept unit to what every unit gains by it, (m,) >= 0.
    hops
        Number of kept units that raise others.
    cut
        Keeps what fits of a unit and returns whether it could. Called for the first unit that does not fit
        whole, if that is worth more than the units that would take its place.
    cost_exponent
        Units come by score - cost_exponent * log(cost): 0 = by score, 1 = by expected gold per token.

    Returns
    -------
    (m,) float
        The scores with their gains.
    dict of int to int
        For each unit that was raised, the unit kept before it that raised it.
    """
    scores = scores.astype(np.float32, copy=True)
    best = np.zeros_like(scores)
    raised: dict[int, int] = {}
    greedy = _Greedy(ledger, cut, cost_exponent)
    for _ in range(hops if gain else 0):
        unit = next(greedy.keep_best(scores + best), None)
        if unit is None or gain is None:
            break
        gained = gain(unit)
        for other in np.flatnonzero((gained > best) & ~ledger.kept):
            raised[int(other)] = unit
        best = np.maximum(best, gained)
    for _ in greedy.keep_best(scores + best):
        pass
    return scores + best, raised


class _Greedy:
    """Keeps units, best first, and remembers which were considered."""

    def __init__(self, ledger: Ledger, cut: Callable[[int], bool] | None, cost_exponent: float) -> None:
        self.ledger, self.cut = ledger, cut
        self.discount = (cost_exponent * np.log(np.maximum(ledger.cost, 1))).astype(np.float32)
        units = ledger.units
        self.passed = ledger.kept | units.is_head | units.is_left  # a head comes with what hangs on it

    def keep_best(self, values: FloatArray) -> Iterator[int]:
        """Keep the best units that fit, one a step."""
        for unit in self._order(values):
            self.passed[unit] = True
            if self.ledger.keep(unit):
                yield unit
            elif self.cut is not None and not self.ledger.has_kept_duplicate(unit):
                cut, self.cut = self.cut, None  # the first that does not fit is the one worth most
                if self._worth_cutting(unit, values):
                    cut(unit)

    def _worth_cutting(self, unit: int, values: FloatArray) -> bool:
        """Compare what fits of ``unit`` with the units that would fit in its place, by expected gold."""
        share = np.exp((values - values.max()) / TEMPERATURE)
        left = self.ledger.remaining(unit)
        part, others = float(share[unit]) * left / self.ledger.marginal_cost(unit), 0.0
        for other in self._order(values):
            if others >= part:
                break
            if (price := self.ledger.marginal_cost(other)) <= left:
                left, others = left - price, others + float(share[other])
        return others < part

    def _order(self, values: FloatArray) -> list[int]:
        """Return the units that were not considered yet, best first."""
        order = np.argsort(self.discount - values, kind="stable")
        found: list[int] = order[~self.passed[order]].tolist()
        return found


def duplicates(texts: Sequence[str]) -> IntArray:
    """Return the group of each text among those that say the same in other punctuation, case and markup.

    Parameters
    ----------
    texts
        Those of the units, each behind what it hangs on.

    Returns
    -------
    (m,) int
        -1 for a text that is alone. See `semtoken_rag.text.wording.strict_form`.
    """
    loose: dict[str, list[int]] = {}
    for i, text in enumerate(texts):
        loose.setdefault(loose_form(text), []).append(i)
    groups: dict[tuple[str, str], list[int]] = {}
    for form, members in loose.items():
        if len(members) > 1:
            for i in members:
                groups.setdefault((form, strict_form(texts[i])), []).append(i)
    out = np.full(len(texts), -1, np.int64)
    for number, members in enumerate(g for g in groups.values() if len(g) > 1):
        out[members] = number
    return out


def bridge_reasons(bridged_from: Mapping[int, int]) -> dict[int, str]:
    """Return a reason for each unit that a kept unit raised, given which one."""
    return {unit: f"explains what unit {by} mentions" for unit, by in bridged_from.items()}
