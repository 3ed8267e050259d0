"""What a strategy of one's own returns: refused where it does not fit the call, and the budget holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from semtoken_rag import SemToken
from semtoken_rag.types import Granularity, Selection, Units

CHUNKS = ["The tower opened in 1889. It rained that day.", "Bread is flour. It is baked."]


def all_of_it(problem, **changes):
    """Keep everything, whatever the budget."""
    m = len(problem.units)
    scores = {"score": np.zeros(m, np.float32)}
    whole = Selection(np.full(m, Granularity.FINE, np.int64), np.arange(m), problem.units.chars, scores)
    return replace(whole, **changes)


def own(problem, **changes):
    """Keep everything of units of one's own."""
    given = problem.units
    copied = Units(given.chars.copy(), given.tokens, given.chunk, given.parent, given.kinds)
    return all_of_it(problem, units=replace(copied, **changes))


def moved(problem, start, end):
    """Keep everything, the second unit elsewhere."""
    return own(problem, chars=problem.units.chars + np.array([[0, 0], [start, end], [0, 0], [0, 0]]))


ORDER, GRAIN = "order must name each kept unit once", "granularity must be 0, 1 or 2"
WRONG = {
    "an order of nothing": (lambda p: all_of_it(p, order=np.zeros(0, np.int64)), ORDER),
    "an order with doubles": (lambda p: all_of_it(p, order=np.zeros(4, np.int64)), ORDER),
    "an order beyond": (lambda p: all_of_it(p, order=np.arange(1, 5)), ORDER),
    "an order of fractions": (lambda p: all_of_it(p, order=np.arange(4.0)), "order must hold integers"),
    "a granularity of 3": (lambda p: all_of_it(p, granularity=np.full(4, 3)), GRAIN),
    "a granularity of -1": (lambda p: all_of_it(p, granularity=np.full(4, -1)), GRAIN),
    "no selection": (lambda p: None, "must return a Selection, got None"),
    "another chunk": (lambda p: own(p, chunk=np.array([0, 0, 1, 2])), "unit 3 is not in order"),
    "a chunk before the first": (lambda p: own(p, chunk=np.array([-1, 0, 1, 1])), "unit 0 is not in order"),
    "units that overlap": (lambda p: moved(p, -9, 0), "unit 1 is not in order in the texts"),
    "a unit outside the text": (lambda p: moved(p, 0, 99), "unit 1 is not in order in the texts"),
    "units that hang in a circle": (lambda p: own(p, parent=np.array([1, 0, -1, -1])), "hangs on a later"),
    "too few kinds": (lambda p: own(p, kinds=("sentence",)), "units have chars, parents and kinds"),
}


@pytest.mark.parametrize(("strategy", "told"), WRONG.values(), ids=WRONG)
def test_a_selection_that_does_not_fit_is_refused_and_the_call_falls_back(strategy, told):
    got = SemToken(encoder="static", strategy=strategy).compress(CHUNKS, "When?", max_tokens=6)
    assert told in got.stats.fallback
    assert got.text == "The tower opened in 1889."
    with pytest.raises(ValueError, match=told):
        SemToken(encoder="static", strategy=strategy, on_error="raise").compress(CHUNKS, max_tokens=6)


@pytest.mark.parametrize("strategy", [all_of_it, own])
@pytest.mark.parametrize("budget", [1, 3, 6, 12])
def test_more_than_the_budget_is_left_out_from_the_end_of_the_order(strategy, budget):
    got = SemToken(encoder="static", strategy=strategy, on_error="raise").compress(
        CHUNKS, "When?", max_tokens=budget
    )
    assert got.stats.tokens_after <= budget
    assert bool(got.text) == (budget >= 6)
