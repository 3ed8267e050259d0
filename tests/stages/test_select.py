"""Selection: the best units that fit, and never more than fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.select import Ledger, duplicates, greedy_select
from semtoken_rag.types import Granularity, Units


def units_of(chunk: list[int], parent: list[int] | None = None) -> Units:
    m = len(chunk)
    ranges = np.stack([np.arange(m) * 10, np.arange(m) * 10 + 9], 1)
    parents = np.array([-1] * m if parent is None else parent, np.int64)
    return Units(ranges, ranges, np.array(chunk, np.int64), parents, ("sentence",) * m)


def ledger_of(
    cost: list[int], budget: int, *, chunk=None, parent=None, ceiling=None, duplicate=None
) -> Ledger:
    units = units_of([0] * len(cost) if chunk is None else chunk, parent)
    groups = None if duplicate is None else np.array(duplicate)
    return Ledger(units, np.array(cost, np.int64), budget, ceiling, groups)


def scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_best_come_first_and_smaller_ones_fill_what_is_left():
    ledger = ledger_of([5, 4, 9, 1], 10)
    greedy_select(scores(1, 3, 2, 0), ledger)
    assert ledger.order == [1, 0, 3]
    assert ledger.left == 0


def test_equal_scores_are_taken_in_source_order():
    ledger = ledger_of([1] * 5, 3)
    greedy_select(scores(0, 0, 0, 0, 0), ledger)
    assert ledger.order == [0, 1, 2]


def test_a_row_pays_for_its_header_once():
    ledger = ledger_of([4, 2, 2], 8, parent=[-1, 0, 0])
    assert [ledger.marginal_cost(unit) for unit in (0, 1, 2)] == [4, 6, 6]
    assert ledger.keep(2)
    assert ledger.order == [0, 2]
    assert ledger.marginal_cost(1) == 2
    assert ledger.keep(1)
    assert (ledger.left, ledger.spent.tolist()) == (0, [8])


def test_a_row_whose_header_does_not_fit_stays_out():
    ledger = ledger_of([4, 2], 5, parent=[-1, 0])
    assert not ledger.keep(1)
    assert (ledger.order, ledger.left, ledger.kept.any()) == ([], 5, False)


def test_keeping_twice_costs_once():
    ledger = ledger_of([3], 5)
    assert ledger.keep(0)
    assert ledger.keep(0)
    assert (ledger.left, ledger.order) == (2, [0])


def test_the_ceiling_bounds_each_chunk():
    ledger = ledger_of([3, 3, 3, 3], 100, chunk=[0, 0, 1, 1], ceiling=5)
    greedy_select(scores(4, 3, 2, 1), ledger)
    assert ledger.order == [0, 2]
    assert [ledger.remaining(unit) for unit in range(4)] == [2, 2, 2, 2]


def test_a_gain_lifts_what_the_first_pick_explains():
    ledger = ledger_of([1] * 4, 2)
    final, bridged_from = greedy_select(
        scores(4, 3, 2, 1), ledger, lambda unit: scores(0, 0, 0, 5 * (unit == 0)), hops=1
    )
    assert ledger.order == [0, 3]
    assert final.tolist() == [4, 3, 2, 6]
    assert bridged_from == {3: 0}


def test_the_largest_gain_counts_and_names_its_lender():
    table = {0: scores(0, 1, 4, 0), 2: scores(0, 3, 1, 0)}
    ledger = ledger_of([1] * 4, 2)
    final, bridged_from = greedy_select(scores(9, 0, 0, 0), ledger, table.__getitem__, hops=2)
    assert final.tolist() == [9, 3, 4, 0]
    assert bridged_from == {1: 2, 2: 0}


def test_without_hops_nothing_is_lent_and_the_scores_stay():
    given_scores = scores(1, 2)
    final, bridged_from = greedy_select(given_scores, ledger_of([1, 1], 2), lambda unit: scores(9, 9))
    assert (final.tolist(), bridged_from, given_scores.tolist()) == ([1, 2], {}, [1, 2])


@pytest.mark.parametrize("hops", [0, 3])
def test_only_the_best_of_a_group_of_doubles_is_kept(hops):
    ledger = ledger_of([1] * 4, 10, duplicate=[0, 0, -1, 0])
    greedy_select(scores(1, 4, 3, 2), ledger, lambda unit: scores(0, 0, 0, 0), hops)
    assert ledger.order == [1, 2]


@settings(deadline=None)
@given(data=st.data())
def test_never_over_budget_and_nothing_more_would_fit(data):
    m = data.draw(st.integers(0, 12))
    chunk = sorted(data.draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)))
    parent = [-1] * m
    for i in range(1, m):  # rows travel with the first unit of their chunk
        first = chunk.index(chunk[i])
        parent[i] = first if first < i and data.draw(st.booleans()) else -1
    cost = data.draw(st.lists(st.integers(0, 9), min_size=m, max_size=m))
    budget, ceiling = data.draw(st.integers(0, 40)), data.draw(st.none() | st.integers(1, 20))
    values = scores(*data.draw(st.lists(st.integers(-3, 3), min_size=m, max_size=m)))
    gains = np.array(data.draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)), np.float32)
    ledger = ledger_of(cost, budget, chunk=chunk, parent=parent, ceiling=ceiling)
    greedy_select(values, ledger, lambda unit: np.roll(gains, unit), data.draw(st.integers(0, 3)))

    kept = ledger.order
    assert len(set(kept)) == len(kept) == ledger.kept.sum()
    assert sum(cost[i] for i in kept) == budget - ledger.left <= budget
    assert all(parent[i] < 0 or parent[i] in kept for i in kept)
    for c in set(chunk):
        spent = sum(cost[i] for i in kept if chunk[i] == c)
        assert spent == ledger.spent[c] <= (budget if ceiling is None else ceiling)
    assert all(ledger.marginal_cost(i) > ledger.remaining(i) for i in range(m) if i not in kept)


def test_doubles_are_the_same_but_for_case_blanks_and_punctuation():
    texts = ["A cat.", "a  CAT.\n", "**A cat**", "A cat?", "Ein Hund", "EIN\tHUND", "", " "]
    assert duplicates(texts).tolist() == [0, 0, 0, -1, 1, 1, 2, 2]
    assert duplicates([]).shape == (0,)


def test_a_selection_says_what_became_of_each_unit():
    ledger = ledger_of([1, 1, 9], 2, chunk=[0, 0, 0])
    greedy_select(scores(1, 3, 2), ledger)
    ledger.left = 3
    ledger.keep_span(2, (22, 25), 3)
    got = ledger.to_selection({"score": scores(1, 3, 2)}, {1: "why"})
    assert got.granularity.tolist() == [Granularity.FINE, Granularity.FINE, Granularity.COARSE]
    assert got.order.tolist() == [1, 0, 2]
    assert got.chars.tolist() == [[0, 9], [10, 19], [22, 25]]
    assert got.reasons == {1: "why"}
    assert ledger.units.chars[2].tolist() == [20, 29]


def test_a_selection_of_nothing_drops_all():
    ledger = ledger_of([5], 1)
    got = ledger.to_selection({"score": scores(1)})
    assert (got.granularity.tolist(), got.order.tolist(), got.reasons) == ([Granularity.DROPPED], [], {})


def test_what_is_kept_before_counts_as_a_double():
    ledger = ledger_of([1] * 3, 10, duplicate=[0, 0, -1])
    ledger.keep(0)
    greedy_select(scores(0, 2, 1), ledger)
    assert ledger.order == [0, 2]


def halves(budget: int, ceiling: int | None = None) -> Ledger:
    """Two halves of a sentence in two chunks, the second under a heading, and a twin of the first half."""
    units = units_of([0, 0, 1, 1, 2], [-1, -1, -1, 2, -1])
    twin, continues = np.array([-1, -1, -1, -1, 1]), np.array([-1, -1, -1, 1, -1])
    linked = replace(units, twin=twin, continues=continues)
    return Ledger(linked, np.array([1, 3, 2, 4, 1], np.int64), budget, ceiling)


def test_halves_of_a_sentence_are_paid_for_and_kept_together():
    ledger = halves(9)
    assert [ledger.marginal_cost(unit) for unit in (1, 3)] == [9, 9]
    assert ledger.keep(1)
    assert (ledger.order, ledger.left, ledger.spent.tolist()) == ([1, 2, 3], 0, [3, 6, 0])
    assert [ledger.broken(unit) for unit in (0, 1, 3)] == [(False, False), (False, True), (True, False)]


@pytest.mark.parametrize(("budget", "ceiling"), [(8, None), (20, 5)])
def test_neither_half_is_kept_where_both_do_not_fit(budget, ceiling):
    ledger = halves(budget, ceiling)
    greedy_select(scores(0, 9, 0, 9, 9), ledger)
    assert ledger.order == [0, 2]


def test_a_unit_with_a_twin_is_left_to_it():
    ledger = halves(20)
    assert not ledger.keep(4)
    greedy_select(scores(0, 1, 0, 1, 9), ledger)
    assert 4 not in ledger.order


def cutting(ledger: Ledger):
    def cut(unit: int) -> bool:
        ledger.keep_span(unit, (0, 1), ledger.remaining(unit))
        return True

    return cut


def test_the_best_unit_is_cut_where_its_part_is_worth_more_than_those_that_fit():
    ledger = ledger_of([10, 4, 4], 8)
    greedy_select(scores(9, 0, 0), ledger, cut=cutting(ledger))
    assert (ledger.order, ledger.parts, ledger.left) == ([0], {0: (0, 1)}, 0)


def test_the_best_unit_is_left_out_where_those_that_fit_are_worth_more():
    ledger = ledger_of([10, 4, 4], 8)
    greedy_select(scores(1, 0.9, 0.9), ledger, cut=cutting(ledger))
    assert (ledger.order, ledger.parts) == ([1, 2], {})


def test_only_the_first_unit_that_does_not_fit_may_be_cut():
    ledger = ledger_of([10, 20, 4], 8)
    greedy_select(scores(1, 0, 1), ledger, cut=cutting(ledger))
    assert (ledger.order, ledger.parts) == ([2], {})


def test_a_cost_exponent_prefers_what_is_cheap():
    orders = []
    for exponent in (0.0, 1.0):
        ledger = ledger_of([20, 2], 20)
        greedy_select(scores(1, 0), ledger, cost_exponent=exponent)
        orders.append(ledger.order)
    assert orders == [[0], [1]]
