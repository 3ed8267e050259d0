"""Density: the spread of a unit's fingerprints."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from semtoken_rag.arrays import unit_length
from semtoken_rag.stages.density import WINDOW, density
from semtoken_rag.types import Encoding, Tokens, Units

EAST, NORTH = (1.0, 0.0), (0.0, 1.0)


def of(vectors, *ranges: tuple[int, int]) -> np.ndarray:
    vectors = np.array(vectors, np.float32) if len(vectors) else np.zeros((0, 2), np.float32)
    n, m, none = len(vectors), len(ranges), np.zeros(0, np.int64)
    offsets = np.stack([np.arange(n), np.arange(n) + 1], 1)
    tokens = Tokens.concatenate([Encoding(np.arange(n), offsets, vectors, none, vectors[:0])])
    spans = np.array(ranges, np.int64).reshape(-1, 2)
    return density(tokens, Units(spans, spans, np.zeros(m, int), np.full(m, -1), ("sentence",) * m))


def test_equal_fingerprints_have_no_density():
    assert of([EAST] * 10, (0, 10)).tolist() == [0]


def test_two_directions_in_equal_parts_spread_by_a_half():
    np.testing.assert_allclose(of([EAST] * 4 + [NORTH] * 4, (0, 8)), [0.5])  # 1 - (1/4 + 1/4)


def test_opposite_directions_spread_most():
    np.testing.assert_allclose(of([EAST, (-1.0, 0.0)] * 4, (0, 8)), [1.0])


@settings(deadline=None)
@given(
    raw=arrays(np.float32, (20, 3), elements=st.integers(-9, 9).map(float)),
    start=st.integers(0, 20 - WINDOW),
    more=st.integers(0, 12),
)
def test_it_is_the_trace_of_the_covariance(raw, start, more):
    raw[:, 0] += 20  # no row of zeros
    vectors, end = unit_length(raw), min(start + WINDOW + more, 20)
    trace = np.trace(np.cov(vectors[start:end].astype(np.float64), rowvar=False, bias=True))
    [got] = of(vectors, (start, end))
    np.testing.assert_allclose(got, trace, atol=1e-5)


@settings(deadline=None)
@given(directions=st.lists(st.sampled_from([EAST, NORTH, (-1.0, 0.0)]), min_size=1, max_size=30))
def test_it_lies_between_0_and_1_also_for_empty_units_at_either_end(directions):
    n = len(directions)
    got = of(directions, (0, 0), *((i, i + 1) for i in range(n)), (n, n))
    assert got.dtype == np.float32
    assert ((got >= 0) & (got <= 1)).all()


def test_a_single_token_takes_the_density_of_its_surroundings():
    varied, plain = of([EAST, NORTH] * 10 + [EAST] * 20, (10, 11), (35, 36))
    assert varied > 0.4
    assert plain == 0


@pytest.mark.parametrize(("vectors", "ranges"), [([], [(0, 0), (0, 0)]), ([EAST], []), ([], [])])
def test_without_tokens_or_units_there_is_nothing_to_measure(vectors, ranges):
    assert of(vectors, *ranges).tolist() == [0] * len(ranges)
