"""The default strategy: relevance, bridging and a cut that spends what is left of the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np

from semtoken_rag.result import CHANCE
from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.bridge import Bridge
from semtoken_rag.stages.chances import Chances
from semtoken_rag.stages.density import density
from semtoken_rag.stages.exact import exact_signs
from semtoken_rag.stages.lexical import Lexical
from semtoken_rag.stages.relevance import Relevance, standardise
from semtoken_rag.stages.select import Ledger, bridge_reasons, greedy_select
from semtoken_rag.stages.spans import SpanRule
from semtoken_rag.strategy.base import Problem
from semtoken_rag.strategy.parts import keep_part
from semtoken_rag.text.governing import governing
from semtoken_rag.types import FloatArray, Selection, Units

EXACT_WEIGHT = 2.0
COARSE_TRIES = 4  # how many of the best dropped units are tried for what is left of the budget


@dataclass(frozen=True, slots=True)
class SemTokenStrategy:
    """The default rule: relevance, bridging from the first kept, density for ties and without a question.

    Parameters
    ----------
    relevance, lexical, bridge, spans, chances
        The stages; replace any.
    prior
        Log-odds (m,) that a unit is wanted, from what is known beyond this call, as `CorpusNovelty` gives.
    density_weight
        Of the standardised density; so small that it breaks ties only.
    exact_weight
        Log-odds that a unit gains which has all that the question spells out, see `exact_signs`.
    cost_exponent
        See `greedy_select`.
    """

    relevance: Relevance = field(default_factory=Relevance)
    lexical: Lexical = field(default_factory=Lexical)
    bridge: Bridge = field(default_factory=Bridge)
    spans: SpanRule = field(default_factory=SpanRule)
    chances: Chances = field(default_factory=Chances)
    prior: Callable[[Problem], FloatArray] | None = None
    density_weight: float = 0.01
    exact_weight: float = EXACT_WEIGHT
    cost_exponent: float = 0.65
    gives_chances: ClassVar[bool] = True

    def __call__(self, problem: Problem) -> Selection:
        """Decide; see `Strategy`."""
        units = problem.units
        spread = density(problem.tokens, units)
        scores = {"density": spread}
        gain = None
        base = standardise(spread)
        if (asked := problem.asked()) is not None:
            found = self._scores(problem, asked)
            base = sum(found.values(), np.float32(self.density_weight) * base)
            scores |= found
            gain = partial(self._gain, asked, problem.encoder)

        if self.prior is not None:
            scores["prior"] = self.prior(problem)
            base = base + scores["prior"]
        given, units = units, _without_root(problem, base)
        problem = replace(problem, units=units)
        ledger = problem.ledger()
        if problem.min_chunk_tokens:
            _fill_floor(base, ledger, problem.min_chunk_tokens)
            ledger.end_floor()
        final, bridged_from = greedy_select(
            base,
            ledger,
            gain,
            self.bridge.hops,
            partial(keep_part, problem, ledger, self.spans),
            self.cost_exponent,
        )
        scores["bridge"], scores["score"] = final - base, final
        if asked is not None:
            scores[CHANCE] = self.chances(final, asked.on(units), ledger.duplicate, ledger.kept)
        self._spend_rest(problem, final, ledger)
        lent = {u: bridged_from[u] for u in ledger.order if u in bridged_from}
        made = ledger.to_selection(scores, bridge_reasons(lent))
        released = None if units is given else units
        return replace(made, units=released, bridged_from=lent, cost_exponent=self.cost_exponent)

    def _scores(self, problem: Problem, asked: Asked) -> dict[str, FloatArray]:
        """Return what the question says of each unit, by name: by vectors, by letters and by exact signs."""
        relevance = self.relevance(asked, problem.encoder)
        scores = {"relevance": relevance}
        if (lexical := self.lexical(asked, problem.encoder)) is not None:
            scores = {"relevance": np.float32(lexical[0]) * relevance, "lexical": lexical[1]}
        texts = (problem.full_text(unit) for unit in range(len(asked.units)))
        signs = exact_signs(asked.query.text, texts)
        if signs is not None:
            scores["exact"] = np.float32(self.exact_weight) * signs
        return scores

    def _gain(self, asked: Asked, encoder: str, kept: int) -> FloatArray:
        return self.bridge.gain(kept, asked.units, asked.terms, encoder)

    def _spend_rest(self, problem: Problem, scores: FloatArray, ledger: Ledger) -> None:
        """Spend what is left of the budget on a part of the best dropped unit of which one fits."""
        taken = ledger.kept | ledger.units.is_left
        taken[list(ledger.parts)] = True
        for unit in np.argsort(np.where(taken, np.inf, -scores), kind="stable")[:COARSE_TRIES].tolist():
            if (
                not taken[unit]
                and not ledger.has_kept_duplicate(unit)
                and keep_part(problem, ledger, self.spans, unit)
            ):
                break


def _without_root(problem: Problem, scores: FloatArray) -> Units:
    """Let a table's rows stand without the heading over all of the call if the best does not fit with it.

    Such a heading tells nothing apart, since all is under it, and the table's header names the row. One that
    negates or limits what is under it stays.
    """
    units = problem.units
    scores = np.where(units.is_head, -np.inf, scores)
    if not len(units) or len(above := units.ancestors(best := int(scores.argmax()))) < 2:
        return units
    root, cost = above[-1], int(problem.cost[[best, *above]].sum())
    if units.kinds[root] != "heading" or units.kinds[above[-2]] not in ("header", "caption"):
        return units
    if cost <= problem.budget or cost - problem.cost[root] > problem.budget:
        return units
    if any((units.ancestors(unit) or [unit])[-1] != root for unit in range(len(units))):
        return units
    if governing().search(problem.text(root).lower()):
        return units
    return replace(units, parent=np.where(units.parent == root, -1, units.parent))


def _fill_floor(scores: FloatArray, ledger: Ledger, floor: int) -> None:
    """Give every chunk its best units, best chunk first, until each has ``floor`` tokens or nothing fits."""
    for unit in np.argsort(-scores, kind="stable").tolist():
        if ledger.spent[ledger.units.chunk[unit]] < floor:
            ledger.keep(unit)
