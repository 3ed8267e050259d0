"""Coarse granularity: the best run of spans that fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.granularity import best_run


def run(value: list[float], cost: list[int], room: int) -> tuple[int, int] | None:
    ends = np.cumsum(cost)
    spans = np.stack([ends - cost, ends], 1) if cost else np.zeros((0, 2), np.int64)
    return best_run(spans, np.array(value, np.float32), lambda a, b: sum(cost[a : b + 1]), room)


@pytest.mark.parametrize(
    ("room", "expected"),
    [(0, None), (1, None), (2, (2, 2)), (4, (2, 3)), (6, (1, 3)), (7, (1, 3)), (8, (0, 3)), (99, (0, 4))],
)
def test_the_run_grows_from_the_best_span_to_the_side_of_more_value(room, expected):
    assert run([1, 4, 9, 5, 2], [2, 2, 2, 2, 3], room) == expected


def test_a_side_that_does_not_fit_leaves_the_room_to_the_other():
    assert run([1, 9, 5], [2, 2, 7], 4) == (0, 1)


def test_the_best_span_is_passed_over_where_it_alone_is_too_long():
    assert run([9, 1, 3], [8, 2, 2], 4) == (1, 2)


def test_no_spans_make_no_run():
    assert run([], [], 10) is None


def test_joining_may_cost_more_than_the_parts():
    spans = np.array([[0, 1], [1, 2], [2, 3]])
    got = best_run(spans, np.array([1, 3, 2], np.float32), lambda a, b: 2 * (b - a) + 1, 3)
    assert got == (1, 2)


@settings(deadline=None)
@given(spans=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=9), room=st.integers(0, 30))
def test_the_run_fits_holds_the_best_fitting_span_and_cannot_grow(spans, room):
    value, cost = [v for v, _ in spans], [c for _, c in spans]
    fitting = [v for v, c in spans if c <= room]
    got = run(value, cost, room)
    assert (got is None) == (not fitting)
    if got is not None:
        first, last = got
        assert sum(cost[first : last + 1]) <= room
        assert max(fitting) in value[first : last + 1]
        assert first == 0 or sum(cost[first - 1 : last + 1]) > room
        assert last == len(cost) - 1 or sum(cost[first : last + 2]) > room
