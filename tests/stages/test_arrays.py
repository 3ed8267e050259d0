"""Array operations: the same numbers as the plain formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.arrays import ONE_THREAD, group_max, range_sum, similarity


def whole_numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Floats whose sums and products are exact, whatever the order."""
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(np.float32)


@settings(deadline=None)
@given(q=st.integers(0, 5), n=st.integers(0, 20), d=st.integers(1, 8), seed=st.integers(0, 99))
def test_similarity_is_the_matrix_product(q, n, d, seed):
    query, vectors = whole_numbers(q, d, seed=seed), whole_numbers(n, d, seed=seed + 1)
    got = similarity(query, vectors)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, query @ vectors.T)


@pytest.mark.parametrize("n", [0, 1, 24, 25, 26, 50, 77])
def test_similarity_in_blocks_leaves_no_column_out(n):
    query, vectors = whole_numbers(100, 100), whole_numbers(n, 100, seed=1)
    assert ONE_THREAD // query.size == 25  # columns of a block
    np.testing.assert_array_equal(similarity(query, vectors), query @ vectors.T)


def test_similarity_takes_a_question_larger_than_a_block():
    query, vectors = whole_numbers(300, 1000), whole_numbers(3, 1000, seed=1)
    assert query.size > ONE_THREAD
    np.testing.assert_array_equal(similarity(query, vectors), query @ vectors.T)


def test_group_max_by_hand_keeps_negative_maxima_and_marks_empty_groups_with_0():
    values = np.array([[-3, -1, 5, 2], [4, 6, -2, -8]], np.float32)
    got = group_max(values, np.array([1, 1, 3, 3]), 5)
    assert got.tolist() == [[0, -1, 0, 5, 0], [0, 6, 0, -2, 0]]


@settings(deadline=None)
@given(q=st.integers(0, 4), group=st.lists(st.integers(0, 6)).map(sorted), seed=st.integers(0, 99))
def test_group_max_is_the_maximum_of_each_group(q, group, seed):
    values, labels = whole_numbers(q, len(group), seed=seed), np.array(group, np.int64)
    expected = [[row[labels == g].max() if (labels == g).any() else 0 for g in range(7)] for row in values]
    got = group_max(values, labels, 7)
    np.testing.assert_array_equal(got, np.array(expected, np.float32).reshape(q, 7))


def test_range_sum_by_hand_takes_empty_and_overlapping_ranges():
    values = np.array([[1, 10], [2, 20], [4, 40]], np.float32)
    got = range_sum(values, np.array([[0, 3], [1, 1], [1, 3], [3, 3]]))
    assert got.tolist() == [[7, 70], [0, 0], [6, 60], [0, 0]]


@settings(deadline=None)
@given(n=st.integers(0, 20), d=st.integers(1, 5), seed=st.integers(0, 99), data=st.data())
def test_range_sum_is_the_sum_of_each_slice(n, d, seed, data):
    pair = st.tuples(st.integers(0, n), st.integers(0, n)).map(sorted)
    ranges = np.array(data.draw(st.lists(pair, max_size=6)), np.int64).reshape(-1, 2)
    values = whole_numbers(n, d, seed=seed)
    expected = np.array([values[a:b].sum(0) for a, b in ranges], np.float32).reshape(-1, d)
    np.testing.assert_array_equal(range_sum(values, ranges), expected)
