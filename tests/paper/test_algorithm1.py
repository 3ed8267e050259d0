"""The paper's algorithm: its clusters, its score, its selection, and the options of 3.2, 3.4 and 3.5."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from semtoken_rag import Config, Granularity, SemToken
from semtoken_rag.engine.fitting import fit
from semtoken_rag.paper.algorithm1 import PaperStrategy
from semtoken_rag.paper.clusters import (
    BAND,
    BLOCK,
    apply_stride,
    bin_cosines,
    greedy_clusters,
    importance,
    spread,
)
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Encoding

UNMARKED = Config(gap=" ")  # marks take room, and the paper has none
EAST, NORTH, BETWEEN = (1.0, 0.0), (0.0, 1.0), (0.8, 0.6)


class Directions:
    """Words to vectors of a table; words that it lacks are at a right angle to all others."""

    name = "directions"

    def __init__(self, **table: tuple[float, float]) -> None:
        self.table = table

    def count(self, text: str) -> int:
        return HashEncoder().count(text)

    def encode(self, texts, titles):
        return [
            self._encode(e, text) for e, text in zip(HashEncoder().encode(texts, titles), texts, strict=True)
        ]

    def _encode(self, encoding: Encoding, text: str) -> Encoding:
        vectors = np.zeros((len(encoding.ids), 50), np.float32)
        for i, (a, b) in enumerate(encoding.offsets):
            vectors[i, :2] = self.table.get(text[a:b].lower(), (0, 0))
            vectors[i, 2 + i] = not vectors[i].any()
        title = np.zeros((len(encoding.title_ids), 50), np.float32)
        return Encoding(encoding.ids, encoding.offsets, vectors, encoding.title_ids, title)


def literal(vectors, chunk, tau):
    """Algorithm 1 step 2, line by line."""
    clusters, t, n = [], 0, len(vectors)
    while t < n:
        j = t + 1
        while j < n and chunk[j] == chunk[t] and vectors[t] @ vectors[j] > tau:
            j += 1
        clusters.append([t, j])
        t = j
    return clusters


def compress(texts, query="", *, table=None, config=None, max_tokens, **options):
    encoder = Directions(**(table or {}))
    engine = SemToken(
        encoder=encoder, strategy=PaperStrategy(**options), on_error="raise", config=config or UNMARKED
    )
    return engine.compress(texts, query, max_tokens=max_tokens)


@st.composite
def walks(draw):
    """Unit vectors in the plane that turn a little from one to the next, so that clusters are long."""
    turns = draw(st.lists(st.floats(-0.5, 0.5), min_size=0, max_size=60))
    chunk = np.sort(
        np.array(draw(st.lists(st.integers(0, 2), min_size=len(turns), max_size=len(turns))), int)
    )
    angle = np.cumsum(turns)
    return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32).reshape(-1, 2), chunk


class TestClusters:
    def test_a_token_is_compared_with_the_first_of_the_cluster_not_with_its_neighbour(self):
        steps = np.deg2rad([0, 20, 40, 60])
        vectors = np.stack([np.cos(steps), np.sin(steps)], 1).astype(np.float32)
        got = greedy_clusters(vectors, np.zeros(4, int), np.cos(np.deg2rad(30)))
        assert got.tolist() == [[0, 2], [2, 4]]

    @settings(deadline=None)
    @given(walk=walks(), tau=st.floats(-1, 1))
    def test_as_the_algorithm_is_printed(self, walk, tau):
        vectors, chunk = walk
        near = np.abs(vectors @ vectors.T - tau) < 1e-6  # rounding may go either way
        if not near.any():
            assert greedy_clusters(vectors, chunk, tau).tolist() == literal(vectors, chunk, tau)

    @pytest.mark.parametrize("length", [1, BAND, BAND + 1, BAND + 2, BAND + BLOCK + 1, 3 * BLOCK])
    def test_a_long_cluster_ends_where_it_should(self, length):
        vectors = np.array([EAST] * length + [NORTH] * 3, np.float32)
        got = greedy_clusters(vectors, np.zeros(len(vectors), int), 0.8)
        assert got.tolist() == [[0, length], [length, length + 3]]

    def test_no_cluster_crosses_into_the_next_chunk(self):
        got = greedy_clusters(np.array([EAST] * 30, np.float32), np.repeat([0, 2], [11, 19]), 0.5)
        assert got.tolist() == [[0, 11], [11, 30]]

    @pytest.mark.parametrize("n", [0, 1])
    def test_of_nothing_and_of_one(self, n):
        vectors = np.ones((n, 1), np.float32)
        assert greedy_clusters(vectors, np.zeros(n, int), 0.5).tolist() == [[0, 1]] * n
        assert len(spread(vectors, greedy_clusters(vectors, np.zeros(n, int), 0.5))) == n


class TestSpread:
    def test_it_is_the_trace_of_the_covariance(self):
        vectors = np.random.default_rng(0).standard_normal((9, 5)).astype(np.float32)
        got = spread(vectors, np.array([[0, 4], [4, 9]]))
        expected = [np.trace(np.cov(part.T, bias=True)) for part in (vectors[:4], vectors[4:])]
        assert got == pytest.approx(expected, rel=1e-5)

    def test_one_token_has_none_and_equal_ones_neither(self):
        vectors = np.random.default_rng(0).standard_normal((3, 7)).astype(np.float32)
        assert spread(vectors[[0, 1, 1, 2]], np.array([[0, 1], [1, 3], [3, 4]])).tolist() == [0, 0, 0]

    @settings(deadline=None)
    @given(walk=walks(), tau=st.floats(0, 0.99))
    def test_tau_bounds_it(self, walk, tau):
        """All cosines with the anchor are above tau, so the mean is at least tau long: H <= 1 - tau^2."""
        vectors, chunk = walk
        assert spread(vectors, greedy_clusters(vectors, chunk, tau)).max(initial=0) <= 1 - tau**2 + 1e-5


def test_importance_is_the_cosine_of_the_means():
    vectors = np.array([EAST, NORTH, BETWEEN], np.float32)
    got = importance(vectors, np.array([[0, 2], [2, 3]]), np.array([EAST, EAST], np.float32))
    assert got.tolist() == pytest.approx([math.sqrt(0.5), 0.8])
    assert importance(vectors, np.array([[0, 3]]), np.zeros((0, 2), np.float32)).tolist() == [0]


class TestShortCuts:
    @given(length=st.integers(1, 40), stride=st.integers(1, 50))
    def test_a_token_borrows_the_nearest_fingerprint_that_there_is(self, length, stride):
        place = np.arange(length)
        got = apply_stride(place[:, None].astype(np.float32), np.zeros(length, int), stride)[:, 0].astype(int)
        own = np.arange(0, length, stride)
        assert np.isin(got, own).all()
        assert (got[own] == own).all()
        assert (np.abs(got - place) == np.abs(own[:, None] - place).min(0)).all()

    def test_a_chunk_borrows_nothing_from_the_one_before(self):
        got = apply_stride(np.arange(6.0)[:, None].astype(np.float32), np.repeat([0, 1], [4, 2]), 3)
        assert got[:, 0].tolist() == [0, 0, 3, 3, 4, 4]

    @given(
        cosine=hnp.arrays(np.float64, 20, elements=st.floats(-1, 1)),
        width=st.floats(0.01, 1),
    )
    def test_a_bin_is_half_its_width_away_at_most(self, cosine, width):
        assert np.abs(bin_cosines(cosine, width) - cosine).max() <= width / 2 + 1e-9
        assert bin_cosines(cosine, 0.0) is cosine

    @settings(deadline=None)
    @given(walk=walks(), tau=st.floats(-0.9, 0.9), width=st.floats(0.01, 0.5))
    def test_binned_clusters_agree_with_exact_ones_within_the_width_of_a_bin(self, walk, tau, width):
        """No cosine that decides is on the other side of tau by more than half a bin."""
        vectors, chunk = walk
        for first, end in greedy_clusters(vectors, chunk, tau, width):
            assert (vectors[first + 1 : end] @ vectors[first] > tau - width / 2 - 1e-5).all()
            if end < len(vectors) and chunk[end] == chunk[first]:
                assert vectors[end] @ vectors[first] <= tau + width / 2 + 1e-5

    def test_bins_that_no_cosine_is_near_change_nothing(self):
        vectors = np.random.default_rng(0).standard_normal((200, 3)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        chunk = np.zeros(200, int)
        fine, exact = greedy_clusters(vectors, chunk, 0.7, 1e-6), greedy_clusters(vectors, chunk, 0.7)
        assert len(exact) < 200
        assert fine.tolist() == exact.tolist()


WIDE = {"a": EAST, "b": (0.9, math.sqrt(0.19)), "c": EAST, "d": (0.99, math.sqrt(1 - 0.99**2))}


class TestPaperStrategy:
    def test_the_cluster_that_spreads_most_is_kept_and_then_lone_words_in_source_order(self):
        text = "x a b y c d z"  # a b spread more than c d; the others stand alone
        kept = [compress([text], table=WIDE, max_tokens=n).text for n in (2, 3, 4, 5, 6)]
        assert kept == ["a b", "x a b", "a b c d", "x a b c d", "x a b y c d"]

    def test_what_does_not_fit_is_passed_over(self):
        assert compress(["c d x a b y"], table=WIDE, max_tokens=3).text == "x a b"

    def test_of_a_cluster_larger_than_the_budget_the_first_word_is_left(self):
        context = compress(["a c a c a"], table=WIDE, max_tokens=3)
        assert context.text == "a"
        assert [u.granularity for u in context.units] == [Granularity.COARSE]

    def test_kept_neighbours_are_one_piece_with_the_blanks_between_them(self):
        text = "x  y\n\nz"
        context = compress([text, "w w w"], max_tokens=3)
        assert [(p.start, p.end) for p in context.chunks[0].pieces] == [(0, len(text))]
        assert context.text == text

    def test_a_word_is_kept_whole_and_counts_as_its_best_cluster(self):
        text = "x don't a'b y"  # a' and b are similar enough, so the word holds the cluster that spreads
        table = {"a": EAST, "'": BETWEEN, "b": NORTH}
        context = compress([text], table=table, tau=0.7, max_tokens=3)
        assert context.text == "a'b"
        scores = {text[u.start : u.end]: u.scores["density"] for u in context.units}
        assert scores == pytest.approx({"x": 0, "don't": 0, "a'b": 0.1, "y": 0}, abs=1e-6)

    def test_clusters_may_cut_words_if_asked(self):
        text = "x a'b y"
        table = {"a": EAST, "'": BETWEEN, "b": NORTH}
        context = compress([text], table=table, tau=0.7, whole_words=False, max_tokens=2)
        assert context.text == "a'"
        assert [text[u.start : u.end] for u in context.units] == ["x", "a'", "b", "y"]

    def test_neighbours_inside_a_word_join_without_a_gap(self):
        context = compress(["ab'cd xx yy"], whole_words=False, max_tokens=3)
        assert context.text == "ab'cd"
        assert len(context.chunks[0].pieces) == 1

    def test_delta_merges_clusters_of_low_spread_to_their_first_word(self):
        text = "a b x c d"
        context = compress([text], table=WIDE, delta=0.01, max_tokens=4)
        assert context.text == "a b x c"
        assert [(text[u.start : u.end], u.granularity) for u in context.units] == [
            ("a b", Granularity.FINE),
            ("x", Granularity.FINE),
            ("c d", Granularity.COARSE),
        ]
        assert compress([text], table=WIDE, delta=math.inf, max_tokens=3).text == "a x c"

    def test_a_threshold_drops_what_is_unlike_the_question_even_if_there_is_room(self):
        table = {"a": EAST, "b": BETWEEN, "q": EAST, "n": NORTH}
        context = compress(["n a b n"], "q", table=table, tau=0.7, query_threshold=0.5, max_tokens=3)
        assert context.text == "a b"
        assert [u.scores["relevance"] for u in context.units] == pytest.approx([0, 0.949, 0], abs=1e-3)
        assert compress(["n a b n"], "q", table=table, tau=0.7, max_tokens=3).text == "n a b"
        assert compress(["n a b n"], "", table=table, query_threshold=0.5, max_tokens=3).text

    def test_with_a_stride_neighbours_are_alike_by_construction(self):
        context = compress(["k l m n o p"], stride=3, max_tokens=5)
        assert [u.end - u.start for u in context.units] == [3, 7]  # "k l", "m n o p"

    def test_bins_move_the_decision(self):
        table = {"a": EAST, "b": (0.6, 0.8)}  # 0.6 is in the bin whose middle is 0.75
        units = [
            len(compress(["a b x"], table=table, tau=0.7, bin_width=width, max_tokens=2).units)
            for width in (0.0, 0.5)
        ]
        assert units == [3, 2]

    def test_a_protected_match_is_one_piece(self):
        config = Config(protect=("b x",))
        context = compress(["a b x y"], table=WIDE, config=config, max_tokens=3)
        assert context.text == "a b x"

    def test_the_ceiling_of_a_chunk_holds(self):
        context = compress(["x y z w", "k l m n"], config=Config(max_chunk_tokens=2), max_tokens=7)
        assert [c.tokens_after for c in context.chunks] == [2, 2]

    def test_the_readers_own_counter_counts_the_blank_before_a_word(self):
        engine = SemToken(encoder=HashEncoder(), strategy="paper", token_counter=len, on_error="raise")
        assert engine.compress(["ab cd ef", "gh"], max_tokens=6).text == "ab cd"

    def test_a_counter_that_rounds_leaves_little_for_the_call_to_drop(self, monkeypatch):
        dropped = []

        def watched(call, measured, decided):
            fitted = fit(call, measured, decided)
            dropped.append(len(decided.selection.order) - (fitted.decided.selection.granularity > 0).sum())
            return fitted

        monkeypatch.setattr("semtoken_rag.engine.run.fit", watched)
        engine = SemToken(encoder=HashEncoder(), strategy="paper", token_counter=lambda text: len(text) // 4)
        context = engine.compress([" ".join(f"word{i}" for i in range(1000, 1400))], max_tokens=300)
        assert context.stats.fallback is None
        assert dropped[0] <= 1
        assert context.stats.tokens_after >= 290

    @pytest.mark.parametrize(
        ("options", "shown"),
        [({"tau": 1.1}, "1.1"), ({"stride": 0}, "0"), ({"stride": 1.5}, "1.5"), ({"bin_width": -1}, "-1")],
    )
    def test_bad_options_show_the_value(self, options, shown):
        with pytest.raises(ValueError, match=f"got {shown}"):
            PaperStrategy(**options)
