"""Any vectors through the stages: what folds, what is kept first, and what bad input says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from semtoken_rag import SemToken
from semtoken_rag.arrays import unit_length
from semtoken_rag.vectors import TAU, compress_vectors, find_anchors

EAST, NORTH, WEST, NOTHING = (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, 0.0)


def compress(vectors, query=None, budget=1, **setting):
    found = compress_vectors(vectors, query, budget, **setting)
    return found.kept.tolist(), found.merged_into.tolist()


@st.composite
def problems(draw):
    """Vectors of which many are alike, perhaps a query, and a budget."""
    n, d = draw(st.integers(1, 40)), draw(st.integers(1, 4))
    vectors = draw(arrays(np.float32, (n, d), elements=st.integers(-2, 2).map(float)))
    query = draw(st.none() | arrays(np.float32, (2, d), elements=st.integers(-2, 2).map(float)))
    return vectors, query, draw(st.integers(1, n + 2))


@settings(max_examples=200, deadline=None)
@given(problems(), st.sampled_from([0.0, 0.5, TAU]))
def test_the_budget_holds_and_what_merges_is_alike(problem, tau):
    vectors, query, budget = problem
    found = compress_vectors(vectors, query, budget, tau=tau)
    kept, merged = found.kept, found.merged_into
    assert len(kept) == min(budget, len(vectors))
    assert (np.diff(kept) > 0).all()
    assert set(merged.tolist()) == set(kept.tolist()) | ({-1} if (merged < 0).any() else set())
    assert (merged[kept] == kept).all()
    unit = unit_length(vectors)
    folded = np.flatnonzero((merged >= 0) & (merged != np.arange(len(vectors))))
    assert (merged[folded] < folded).all()
    for each, into in zip(folded.tolist(), merged[folded].tolist(), strict=True):
        both_nothing = not (vectors[each].any() or vectors[into].any())
        assert both_nothing or unit[each] @ unit[into] > tau - 1e-6


@settings(max_examples=50, deadline=None)
@given(problems())
def test_the_same_input_gives_the_same_answer_at_any_length_of_the_vectors(problem):
    vectors, query, budget = problem
    first = compress(vectors, query, budget)
    assert first == compress(vectors.copy(), query, budget)
    assert first == compress(vectors * 4, query, budget)
    assert first == compress(vectors.tolist(), query, budget)


def test_a_budget_of_all_keeps_all_and_merges_none():
    assert compress([EAST] * 3, budget=3) == compress([EAST] * 3, budget=9) == ([0, 1, 2], [0, 1, 2])


def test_no_vectors():
    assert compress(np.zeros((0, 4)), budget=1) == ([], [])


def test_repeats_fold_wherever_they_stand():
    assert compress([EAST, NORTH, EAST, NORTH, EAST], budget=2) == ([0, 1], [0, 1, 0, 1, 0])


def test_vectors_of_length_zero_are_alike():
    assert compress([NOTHING, EAST, NOTHING, NOTHING], budget=2) == ([0, 1], [0, 1, 0, 0])


def test_without_a_place_for_its_anchor_nothing_stands_for_a_vector():
    kept, merged = compress([EAST, EAST, NORTH, WEST], query=NORTH, budget=1)
    assert kept == [2]
    assert merged == [-1, -1, 2, -1]


def test_tau_says_what_is_alike():
    vectors = [EAST, (1.0, 0.5), NORTH]  # cosine .89 between the first two
    assert compress(vectors, budget=2, tau=0.85)[1] == [0, 0, 2]
    assert compress(vectors, query=[EAST], budget=2, tau=0.9)[1] == [0, 1, -1]


@pytest.mark.parametrize("query", [NORTH, [NORTH], [EAST, NORTH]])
def test_the_query_decides_between_distinct_vectors(query):
    vectors = [(-1.0, -1.0), (-1.0, 1.0), WEST, NORTH, (0.0, -1.0)]
    assert compress(vectors, query, budget=1)[0] == [3]


def test_without_a_query_the_varied_part_comes_first():
    """A vector alone among repeats is as rare as those that stand together, but less dense."""
    axes = np.eye(6)
    varied = np.random.default_rng(0).standard_normal((8, 6))
    vectors = np.concatenate([axes[:1].repeat(40, 0), axes[1:2], axes[:1].repeat(40, 0), varied])
    assert compress(vectors, budget=8)[0] == list(range(81, 89))
    assert compress(vectors, budget=10)[0] == [0, 40, *range(81, 89)]


def test_what_the_budget_leaves_goes_to_what_is_least_like_the_commonest():
    background, bar, other = (1.0, 0.0, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, 1.0)
    vectors = [background] * 6 + [bar] * 3 + [other] * 3
    assert compress(vectors, budget=5, tau=0.9)[0] == [0, 6, 9, 10, 11]
    assert compress(vectors, budget=7, tau=0.9)[0] == [0, 6, 7, 8, 9, 10, 11]


def test_a_grid_counts_the_neighbours_above_and_below():
    """A column of varied patches is as dense as a row of them; without the grid, a lone patch is too."""
    rng, side = np.random.default_rng(1), 12
    page = np.zeros((side, side, 8))
    page[:, :, 0] = 1
    page[:, 3] = rng.standard_normal((side, 8))
    page[2, 9] = rng.standard_normal(8)
    upright, turned = page.reshape(-1, 8), page.transpose(1, 0, 2).reshape(-1, 8)
    assert compress(upright, budget=side, grid=(side, side))[0] == list(range(3, side * side, side))
    assert compress(turned, budget=side, grid=(side, side))[0] == list(range(3 * side, 4 * side))
    assert 2 * side + 9 in compress(upright, budget=side)[0]


@pytest.mark.parametrize("tau", [0.0, 0.5, 0.95])
def test_anchors_are_what_one_after_the_other_finds(tau):
    """Blocks change nothing: each vector joins the first anchor above tau, in order."""
    vectors = unit_length(np.random.default_rng(0).standard_normal((90, 3)).astype(np.float32))
    expected: list[int] = []
    found: list[int] = []
    for i, vector in enumerate(vectors):
        mine = next((a for a in expected if vectors[a] @ vector > tau), i)
        expected += [i] if mine == i else []
        found.append(mine)
    assert find_anchors(vectors, tau).tolist() == found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vectors": [1.0, 2.0]}, r"\(2,\)"),
        ({"vectors": np.zeros((2, 2, 2))}, r"\(2, 2, 2\)"),
        ({"vectors": np.zeros((3, 0))}, r"\(3, 0\)"),
        ({"vectors": [EAST, (0.0, np.nan)]}, r"nan at \(1, 1\)"),
        ({"vectors": [EAST, (np.inf, 0.0)]}, r"inf at \(1, 0\)"),
        ({"vectors": [["a", "b"]]}, r"\[\['a', 'b'\]\]"),
        ({"vectors": [EAST, (1.0,)]}, "shape"),
        ({"query_vector": [1.0, 2.0, 3.0]}, r"\(3,\)"),
        ({"query_vector": np.zeros((0, 2))}, r"\(0, 2\)"),
        ({"query_vector": np.zeros((1, 1, 2))}, r"\(1, 1, 2\)"),
        ({"query_vector": (np.nan, 1.0)}, "nan"),
        ({"budget": 0}, "got 0"),
        ({"budget": -2}, "got -2"),
        ({"budget": 1.5}, "got 1.5"),
        ({"budget": True}, "got True"),
        ({"budget": None}, "got None"),
        ({"grid": (2, 2)}, r"got \(2, 2\)"),
        ({"grid": (-1, -3)}, r"got \(-1, -3\)"),
        ({"tau": 1.0}, "got 1.0"),
        ({"tau": float("nan")}, "got nan"),
    ],
)
def test_bad_input_is_shown(given, said):
    call = {"vectors": [EAST, NORTH, WEST], "query_vector": None, "budget": 2, **given}
    with pytest.raises(ValueError, match=said):
        compress_vectors(**call)


def test_the_engine_has_it_with_and_without_an_object():
    expected = compress([EAST, EAST, NORTH], NORTH, 2)
    for engine in (SemToken, SemToken(encoder="static")):
        found = engine.compress_vectors([EAST, EAST, NORTH], NORTH, 2)
        assert (found.kept.tolist(), found.merged_into.tolist()) == expected
