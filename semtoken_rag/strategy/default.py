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
from semtoken_rag.stages.spans import SpanRule, Spans
from semtoken_rag.stages.terms import Terms
from semtoken_rag.strategy.base import Problem
from semtoken_rag.structure.base import CUTTABLE
from semtoken_rag.types import FloatArray, Selection

COARSE_TRIES = 4  # how many of the best dropped units are tried for what is left of the budget
COARSE_LEAST = 6  # tokens under which a cut is not worth its fragment
NEWS_LEAST, NEWS_ENOUGH = 3, 12  # tokens that a part must have besides the question's, and that are enough
NEWS_WEIGHT = 0.2  # of what a part says that the question does not, against how well it matches


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
        taken = ledger.kept | ledger.units.is_left
        taken[list(ledger.parts)] = True
        for unit in np.argsort(np.where(taken, np.inf, -scores), kind="stable")[:COARSE_TRIES].tolist():
            if not taken[unit] and not ledger.has_kept_duplicate(unit) and self._cut(problem, ledger, unit):
                break

    def _cut(self, problem: Problem, ledger: Ledger, unit: int) -> bool:
        """Keep the best run of spans of ``unit`` that fits; return whether there is one."""
        room, own = ledger.room_for_part(unit), tuple(problem.units.tokens[unit].tolist())
        if room < COARSE_LEAST or own[0] == own[1] or not self._may_cut(problem, ledger, unit):
            return False
        text = problem.chunks[int(problem.units.chunk[unit])].text
        rule = replace(self.spans, protect=(*self.spans.protect, *problem.protect))
        spans = rule(text, problem.tokens, tuple(problem.units.chars[unit].tolist()), own)
        spans = spans.without_ends(*ledger.broken(unit))

        def chars(first: int, last: int) -> tuple[int, int]:
            return int(spans.chars[first, 0]), int(spans.chars[last, 1])

        def cost(first: int, last: int) -> int:
            if problem.counter.is_estimate:  # the encoder's own tokens, counted already
                return int(spans.tokens[last, 1] - spans.tokens[first, 0])
            return problem.counter.count(text[slice(*chars(first, last))])

        run = best_run(spans, self._value(problem, spans), cost, room)
        if run is None or (tokens := cost(*run)) < COARSE_LEAST:
            return False
        ledger.keep_span(unit, chars(*run), tokens)
        return True

    @staticmethod
    def _may_cut(problem: Problem, ledger: Ledger, unit: int) -> bool:
        return problem.units.kinds[unit] in CUTTABLE and not ledger.has_children(unit)

    @staticmethod
    def _value(problem: Problem, spans: Spans) -> Callable[[int, int], float]:
        """Return the value of a run of spans: how it answers the question, 0 if it only repeats it.

        That is the mean over the question's tokens of the best cosine in the run, and a share for what the run
        says that the question does not. Without a question it is the number of tokens.
        """
        if problem.query is None or not len(problem.query.encoding.ids):
            return lambda first, last: float(spans.tokens[last, 1] - spans.tokens[first, 0])
        start, end = int(spans.tokens[0, 0]), int(spans.tokens[-1, 1])
        asked = problem.query.encoding
        best = similarity(asked.vectors, problem.tokens.vectors[start:end])  # (q, n)
        new = np.r_[0, np.cumsum(~np.isin(problem.tokens.ids[start:end], asked.ids))]

        def value(first: int, last: int) -> float:
            a, b = int(spans.tokens[first, 0]) - start, int(spans.tokens[last, 1]) - start
            news = int(new[b] - new[a])
            if a >= b or news < NEWS_LEAST:
                return 0.0
            return float(best[:, a:b].max(1).mean()) + NEWS_WEIGHT * min(1.0, news / NEWS_ENOUGH)

        return value


def _fill_floor(scores: FloatArray, ledger: Ledger, floor: int) -> None:
    """Give every chunk its best units, best chunk first, until each has ``floor`` tokens or nothing fits."""
    for unit in np.argsort(-scores, kind="stable").tolist():
        if ledger.spent[ledger.units.chunk[unit]] < floor:
            ledger.keep(unit)
