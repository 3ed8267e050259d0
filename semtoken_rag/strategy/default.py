"""The default strategy: relevance, bridging and a cut that spends what is left of the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from semtoken_rag.arrays import similarity
from semtoken_rag.stages.bridge import Bridge
from semtoken_rag.stages.density import density
from semtoken_rag.stages.granularity import best_run
from semtoken_rag.stages.relevance import Relevance, standardise
from semtoken_rag.stages.select import Ledger, bridge_reasons, greedy_select
from semtoken_rag.stages.spans import SpanRule
from semtoken_rag.stages.terms import Terms
from semtoken_rag.strategy.base import Problem
from semtoken_rag.structure.base import CUTTABLE
from semtoken_rag.types import FloatArray, IntArray, Selection

COARSE_TRIES = 4  # how many of the best dropped units are tried for what is left of the budget
COARSE_LEAST = 6  # tokens under which a cut is not worth its fragment


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
        if problem.min_chunk_tokens:
            _fill_floor(base, ledger, problem.min_chunk_tokens)
        final, bridged_from = greedy_select(
            base, ledger, gain, self.bridge.hops, partial(self._cut, problem, ledger), self.cost_exponent
        )
        scores["bridge"], scores["score"] = final - base, final
        self._spend_rest(problem, final, ledger)
        lent = {u: bridged_from[u] for u in ledger.order if u in bridged_from}
        made = ledger.to_selection(scores, bridge_reasons(lent))
        return replace(made, bridged_from=lent, cost_exponent=self.cost_exponent)

    def _spend_rest(self, problem: Problem, scores: FloatArray, ledger: Ledger) -> None:
        """Spend what is left of the budget on a part of the best dropped unit of which one fits."""
        taken = ledger.kept.copy()
        taken[list(ledger.parts)] = True
        for unit in np.argsort(np.where(taken, np.inf, -scores), kind="stable")[:COARSE_TRIES].tolist():
            if not taken[unit] and not ledger.has_kept_duplicate(unit) and self._cut(problem, ledger, unit):
                break

    def _cut(self, problem: Problem, ledger: Ledger, unit: int) -> bool:
        """Keep the best run of spans of ``unit`` that fits; tell whether there is one."""
        least = COARSE_LEAST if ledger.order else 1
        start, end = problem.units.tokens[unit].tolist()
        room = ledger.room_for_part(unit)
        if room < least or start == end or not self._may_cut(problem, ledger, unit):
            return False
        text = problem.chunks[int(problem.units.chunk[unit])].text
        spans = self.spans(text, problem.tokens, start, end, problem.protect)
        offsets, unit_end = problem.tokens.offsets, int(problem.units.chars[unit, 1])

        def chars(first: int, last: int) -> tuple[int, int]:
            end = int(offsets[spans[last, 1] - 1, 1])
            return int(offsets[spans[first, 0], 0]), min(end, unit_end)  # a token may go on beyond its unit

        def cost(first: int, last: int) -> int:
            if problem.counter.is_estimate:  # the encoder's own tokens, counted already
                return int(spans[last, 1] - spans[first, 0])
            return problem.counter.count(text[slice(*chars(first, last))])

        run = best_run(spans, self._value(problem, spans), cost, room)
        if run is None or (price := cost(*run)) < least:
            return False
        ledger.keep_span(unit, chars(*run), price)
        return True

    @staticmethod
    def _may_cut(problem: Problem, ledger: Ledger, unit: int) -> bool:
        return problem.units.kinds[unit] in CUTTABLE and not ledger.has_children(unit)

    @staticmethod
    def _value(problem: Problem, spans: IntArray) -> FloatArray:
        """Value of each span: its best cosine with the question, or its spread where there is none."""
        if problem.query is None or not len(problem.query.encoding.ids):
            return (spans[:, 1] - spans[:, 0]).astype(np.float32)
        vectors = problem.tokens.vectors[spans[0, 0] : spans[-1, 1]]
        best = similarity(problem.query.encoding.vectors, vectors).max(0)
        return np.maximum.reduceat(best, spans[:, 0] - spans[0, 0]).astype(np.float32)


def _fill_floor(scores: FloatArray, ledger: Ledger, floor: int) -> None:
    """Give every chunk its best units, best chunk first, until each has ``floor`` tokens or nothing fits."""
    for unit in np.argsort(-scores, kind="stable").tolist():
        if ledger.spent[ledger.units.chunk[unit]] < floor:
            ledger.keep(unit)
