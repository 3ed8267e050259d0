"""Strategies: what decides which units of a call are kept. Replace any stage by passing an object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from semtoken_rag.arrays import similarity
from semtoken_rag.bridge import Bridge
from semtoken_rag.budget import Counter
from semtoken_rag.density import density
from semtoken_rag.granularity import best_run
from semtoken_rag.relevance import Relevance, standardise
from semtoken_rag.select import Ledger, duplicates, explained, select, selection
from semtoken_rag.spans import SpanRule
from semtoken_rag.terms import Terms
from semtoken_rag.types import Chunk, FloatArray, IntArray, Query, Selection, Tokens, Units

COARSE_TRIES = 4  # how many of the best dropped units are tried for what is left of the budget
COARSE_LEAST = 6  # tokens under which a cut is not worth its fragment


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything a strategy may look at.

    Attributes
    ----------
    chunks, tokens, units
        The input of the call.
    query
        None where there is no question.
    cost : (m,) int
        Tokens of each unit, in the reader's tokenizer.
    budget
        Tokens that may be kept.
    counter
        Counts any other text.
    encoder
        Name of the encoder.
    floor, ceiling
        Tokens that each chunk gets first, and that it may take at most.
    protect
        Regular expressions whose matches are never cut.
    """

    chunks: Sequence[Chunk]
    tokens: Tokens
    units: Units
    query: Query | None
    cost: IntArray
    budget: int
    counter: Counter
    encoder: str
    floor: int = 0
    ceiling: int | None = None
    protect: Sequence[str] = ()

    def ledger(self) -> Ledger:
        """Return an empty account of this problem's budget."""
        doubles = duplicates([self.text(i) for i in range(len(self.units))])
        return Ledger(self.units, self.cost, self.budget, self.ceiling, doubles)

    def text(self, unit: int) -> str:
        """Text of a unit."""
        start, end = self.units.chars[unit]
        return self.chunks[int(self.units.chunk[unit])].text[start:end]


@runtime_checkable
class Strategy(Protocol):
    """Structural type of everything that can be passed as ``strategy=``."""

    def __call__(self, problem: Problem) -> Selection:
        """Decide which units are kept; the units it keeps cost at most ``problem.budget``."""
        ...


@dataclass(frozen=True, slots=True)
class SemTokenStrategy:
    """The default rule: relevance, bridging from the first kept, density for ties and without a question.

    Parameters
    ----------
    relevance, bridge, spans
        The stages; replace any.
    prior
        Log-odds (m,) that a unit is wanted, from what is known beyond this call, as `CorpusNovelty` gives.
    density_weight
        Of the standardised density; so small that it breaks ties only.
    cost_exponent
        See `select`.
    """

    relevance: Relevance = field(default_factory=Relevance)
    bridge: Bridge = field(default_factory=Bridge)
    spans: SpanRule = field(default_factory=SpanRule)
    prior: Callable[[Problem], FloatArray] | None = None
    density_weight: float = 0.01
    cost_exponent: float = 0.65

    def __call__(self, problem: Problem) -> Selection:
        """Decide; see `Strategy`."""
        tokens, units, query = problem.tokens, problem.units, problem.query
        spread = density(tokens, units)
        scores = {"density": spread}
        gain = None
        base = standardise(spread)
        if query is not None:
            terms = Terms.of(tokens, units, query.encoding.ids)
            scores["relevance"] = self.relevance(query, problem.chunks, tokens, units, terms, problem.encoder)
            base = scores["relevance"] + np.float32(self.density_weight) * base

            def gain(kept: int) -> FloatArray:
                return self.bridge.gain(kept, units, terms, problem.encoder)

        if self.prior is not None:
            scores["prior"] = self.prior(problem)
            base = base + scores["prior"]
        ledger = problem.ledger()
        if problem.floor:
            _fill_floor(base, ledger, problem.floor)
        final, lender = select(
            base, ledger, gain, self.bridge.hops, partial(self._cut, problem, ledger), self.cost_exponent
        )
        scores["bridge"], scores["score"] = final - base, final
        self._spend_rest(problem, final, ledger)
        lent = {u: lender[u] for u in ledger.order if u in lender}
        made = selection(ledger, scores, explained(lent))
        return replace(made, lender=lent, cost_exponent=self.cost_exponent)

    def _spend_rest(self, problem: Problem, scores: FloatArray, ledger: Ledger) -> None:
        """Spend what is left of the budget on a part of the best dropped unit of which one fits."""
        taken = ledger.kept.copy()
        taken[list(ledger.parts)] = True
        for unit in np.argsort(np.where(taken, np.inf, -scores), kind="stable")[:COARSE_TRIES].tolist():
            if not taken[unit] and not ledger.doubled(unit) and self._cut(problem, ledger, unit):
                break

    def _cut(self, problem: Problem, ledger: Ledger, unit: int) -> bool:
        """Keep the best run of spans of ``unit`` that fits; tell whether there is one."""
        least = COARSE_LEAST if ledger.order else 1
        start, end = problem.units.tokens[unit].tolist()
        if ledger.room(unit) < least or start == end or problem.units.parent[unit] >= 0:
            return False
        text = problem.chunks[int(problem.units.chunk[unit])].text
        spans = self.spans(text, problem.tokens, start, end, problem.protect)
        offsets, unit_end = problem.tokens.offsets, int(problem.units.chars[unit, 1])

        def chars(first: int, last: int) -> tuple[int, int]:
            end = int(offsets[spans[last, 1] - 1, 1])
            return int(offsets[spans[first, 0], 0]), min(end, unit_end)  # a token may go on beyond its unit

        def cost(first: int, last: int) -> int:
            if problem.counter.name == "estimate":  # the encoder's own tokens, counted already
                return int(spans[last, 1] - spans[first, 0])
            return problem.counter.count(text[slice(*chars(first, last))])

        run = best_run(spans, self._value(problem, spans), cost, ledger.room(unit))
        if run is None or (price := cost(*run)) < least:
            return False
        ledger.keep_part(unit, chars(*run), price)
        return True

    @staticmethod
    def _value(problem: Problem, spans: IntArray) -> FloatArray:
        """Value of each span: its best cosine with the question, or its spread where there is none."""
        if problem.query is None or not len(problem.query.encoding.ids):
            return (spans[:, 1] - spans[:, 0]).astype(np.float32)
        vectors = problem.tokens.vectors[spans[0, 0] : spans[-1, 1]]
        best = similarity(problem.query.encoding.vectors, vectors).max(0)
        return np.maximum.reduceat(best, spans[:, 0] - spans[0, 0]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class LeadStrategy:
    """Units in the order given while they fit: the baseline, and the fallback of a call that fails."""

    def __call__(self, problem: Problem) -> Selection:
        """Decide; see `Strategy`."""
        scores = -np.arange(len(problem.units), dtype=np.float32)
        ledger = problem.ledger()
        select(scores, ledger)
        return selection(ledger, {"score": scores})


def _fill_floor(scores: FloatArray, ledger: Ledger, floor: int) -> None:
    """Give every chunk its best units, best chunk first, until each has ``floor`` tokens or nothing fits."""
    for unit in np.argsort(-scores, kind="stable").tolist():
        if ledger.spent[ledger.units.chunk[unit]] < floor:
            ledger.keep(unit)
