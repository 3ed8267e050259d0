"""Coarse granularity: the best run of spans that fits and may stand alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.granularity import best_run
from semtoken_rag.stages.spans import Spans


def made(starts: list[bool], ends: list[bool]) -> Spans:
    places = np.stack([np.arange(len(starts)), np.arange(len(starts)) + 1], 1)
    return Spans(places, places, np.array(starts, bool), np.array(ends, bool))


def run(
    value: list[float],
    cost: list[int],
    room: int,
    starts: list[bool] | None = None,
    ends: list[bool] | None = None,
) -> tuple[int, int] | None:
    free = [True] * len(value)
    return best_run(
        made(starts or free, ends or free),
        lambda a, b: sum(value[a : b + 1]),
        lambda a, b: sum(cost[a : b + 1]),
        room,
    )


@pytest.mark.parametrize(
    ("room", "expected"),
    [(0, None), (1, None), (2, (2, 2)), (4, (2, 3)), (6, (1, 3)), (7, (1, 3)), (8, (0, 3)), (99, (0, 3))],
)
def test_the_run_of_most_value_that_fits_is_taken_but_never_the_whole(room, expected):
    assert run([1, 4, 9, 5, 0.5], [2, 2, 2, 2, 3], room) == expected


def test_a_run_begins_and_ends_only_where_it_may():
    value, cost, yes = [1, 9, 5, 1], [2, 2, 2, 2], [True] * 4
    assert run(value, cost, 4, yes, yes) == (1, 2)
    assert run(value, cost, 4, [True, False, True, True], yes) == (0, 1)
    assert run(value, cost, 4, yes, [True, False, True, True]) == (1, 2)
    assert run(value, cost, 2, yes, [True, False, True, True]) == (2, 2)
    assert run(value, cost, 4, [True, False, False, False], [False, False, True, True]) is None


def test_a_side_that_does_not_fit_leaves_the_room_to_the_other():
    assert run([1, 9, 5], [2, 2, 7], 4) == (0, 1)


def test_the_best_span_is_passed_over_where_it_alone_is_too_long():
    assert run([9, 1, 3], [8, 2, 2], 4) == (1, 2)


def test_what_is_worth_nothing_is_not_kept():
    assert run([0, 0, 0], [1, 1, 1], 9) is None
    assert run([-3, 2, -3], [1, 1, 1], 9) == (1, 1)


def test_of_equal_runs_the_shortest_is_taken():
    assert run([0, 2, 0, 0], [1, 1, 1, 1], 9) == (1, 1)


@pytest.mark.parametrize("value", [[], [5]])
def test_no_span_and_a_single_one_make_no_run(value):
    assert run(value, [1] * len(value), 10) is None


def test_joining_may_cost_more_than_the_parts():
    value, free = [1, 3, 2], [True] * 3
    got = best_run(made(free, free), lambda a, b: sum(value[a : b + 1]), lambda a, b: 2 * (b - a) + 1, 3)
    assert got == (1, 2)


SPANS = st.lists(st.tuples(st.integers(-2, 9), st.integers(0, 9), st.booleans(), st.booleans()), max_size=9)


@settings(deadline=None)
@given(spans=SPANS, room=st.integers(0, 30))
def test_nothing_that_fits_and_may_stand_alone_is_worth_more(spans, room):
    value, cost, starts, ends = ([s[i] for s in spans] for i in range(4))
    got = run(value, cost, room, starts, ends)
    free = [
        (i, j)
        for i in range(len(spans))
        for j in range(i, len(spans))
        if starts[i] and ends[j] and (i, j) != (0, len(spans) - 1) and sum(cost[i : j + 1]) <= room
    ]
    best = max((sum(value[i : j + 1]) for i, j in free), default=0)
    assert (got is None) == (best <= 0)
    if got is not None:
        assert got in free
        assert sum(value[got[0] : got[1] + 1]) == best
