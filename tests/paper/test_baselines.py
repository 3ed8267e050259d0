"""The paper's baselines, each on a text whose right answer is plain to see."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest

from semtoken_rag import Config, DeadlineExceeded, Granularity, SemToken
from semtoken_rag.deadline import Deadline
from semtoken_rag.paper.baselines import ChunkedStrategy, EntropyStrategy, TofuStrategy, VQStrategy
from semtoken_rag.paper.baselines.tofu import merge_round, representatives
from semtoken_rag.testing import HashEncoder

UNMARKED = Config(order="source", gap=" ")  # marks take room, and the paper has none


def compress(strategy, texts, max_tokens, config=None):
    config = config or UNMARKED
    engine = SemToken(encoder=HashEncoder(), strategy=strategy, on_error="raise", config=config)
    return engine.compress(texts, "Who?", max_tokens=max_tokens)


def unit(*rows):
    made = np.array(rows, np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


class TestChunked:
    def test_the_first_words_of_every_chunk_are_kept(self):
        texts = ["a b c d e f g", "h i j"]
        assert compress(ChunkedStrategy(size=3), texts, 4).text == "a d g\nh"
        assert compress(ChunkedStrategy(size=3), texts, 6).text == "a b d e g\nh"

    def test_words_stay_whole(self):
        assert compress(ChunkedStrategy(size=2), ["it's so it's"], 4).text == "it's so"


class TestEntropy:
    def test_a_surprisal_decides_by_the_best_token_of_a_word(self):
        def surprisal(text, offsets):
            return np.array([text[a:b].isdigit() for a, b in offsets], float)

        context = compress(EntropyStrategy(surprisal), ["in 1889 a-7 b", "", "of 5 c"], 5)
        assert context.text == "1889 a-7\n5"

    def test_without_one_repeated_words_go_first(self):
        text = "one two three four five six seven " + "la " * 30
        kept = compress(EntropyStrategy(), [text], 7).text
        assert "one two three four" in kept
        assert kept.count("la") < 3


class TestVQ:
    def test_each_code_is_kept_once_before_any_twice(self):
        text = "red green red red blue green red"
        assert compress(VQStrategy(codes=3), [text], 3).text == "red green blue"
        assert compress(VQStrategy(codes=3), [text], 4).text == "red green red blue"

    def test_a_run_of_one_code_is_one_coarse_unit(self):
        context = compress(VQStrategy(codes=2), ["red red red blue", "blue"], 2)
        assert [(u.chunk, u.start, u.end, u.granularity) for u in context.units] == [
            (0, 0, 11, Granularity.COARSE),
            (0, 12, 16, Granularity.FINE),
            (1, 0, 4, Granularity.DROPPED),
        ]
        assert context.text == "red blue"

    def test_more_codes_than_words(self):
        assert compress(VQStrategy(codes=50), ["a b c"], 2).text == "a b"

    def test_the_seed_fixes_the_codes_and_the_callers_generator_is_left_alone(self):
        text = " ".join(f"w{i % 37}" for i in range(200))
        state = np.random.get_state()[1].tolist()  # noqa: NPY002  (the global state must not change)
        first, again = (compress(VQStrategy(codes=9), [text], 30).text for _ in range(2))
        assert first == again
        assert np.random.get_state()[1].tolist() == state  # noqa: NPY002

    def test_nothing_is_written_to_stderr(self, capfd):
        compress(VQStrategy(), ["a b c d e f g h"], 5)
        assert capfd.readouterr().err == ""

    def test_without_faiss_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "faiss", None)
        with pytest.raises(ImportError, match=r"semtoken-rag\[faiss\]"):
            VQStrategy()


class TestTofu:
    VECTORS = unit([1, 0], [1, 0.1], [0, 1], [0.5, 1], [-1, 0])
    ALONE = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]])
    ONE = np.zeros(5, int)

    def test_the_most_similar_pairs_of_a_round_merge(self):
        assert merge_round(self.VECTORS, self.ALONE, self.ONE, 1).tolist() == [[0, 2], [2, 3], [3, 4], [4, 5]]
        assert merge_round(self.VECTORS, self.ALONE, self.ONE, 2).tolist() == [[0, 2], [2, 4], [4, 5]]

    def test_a_group_joins_one_neighbour_a_round(self):
        got = merge_round(self.VECTORS, self.ALONE, self.ONE, 9)  # 0-1, 2-3, and 4 joins 3 as well
        assert got.tolist() == [[0, 2], [2, 5]]

    def test_chunks_never_merge(self):
        chunk = np.array([0, 1, 2, 2, 3])
        assert merge_round(self.VECTORS, self.ALONE, chunk, 9).tolist() == [[0, 1], [1, 2], [2, 4], [4, 5]]

    def test_a_pair_that_has_merged_counts_with_its_mean(self):
        groups = np.array([[0, 2], [2, 3], [3, 4], [4, 5]])
        assert merge_round(self.VECTORS, groups, self.ONE, 1).tolist() == [[0, 2], [2, 4], [4, 5]]

    def test_the_word_most_like_the_mean_stands_for_a_group(self):
        assert representatives(self.VECTORS, np.array([[0, 4], [4, 5]])).tolist() == [3, 4]
        assert representatives(self.VECTORS[[0, 0, 0]], np.array([[0, 3]])).tolist() == [0]

    def test_words_merge_until_those_that_are_left_fit(self):
        context = compress(TofuStrategy(), ["red red red blue blue green", "red red"], 4)
        assert context.text == "red blue green\nred"
        assert [u.granularity for u in context.units].count(Granularity.COARSE) == 3

    def test_where_even_one_word_a_chunk_is_too_much_the_largest_groups_are_kept(self):
        assert compress(TofuStrategy(), ["a b", "c c c", "d"], 1).text == "c"


@pytest.mark.parametrize("strategy", [ChunkedStrategy(), EntropyStrategy(), VQStrategy(), TofuStrategy()])
class TestAll:
    def test_every_unit_is_a_run_of_whole_words_and_together_they_are_all(self, strategy):
        texts = ["It's 3.5 kg, isn't it?", "   ", "Not at all; not-at-all."]
        context = compress(strategy, texts, 6)
        for index, text in enumerate(texts):
            units = [text[u.start : u.end] for u in context.units if u.chunk == index]
            assert " ".join(units) == text.strip()

    @pytest.mark.parametrize("gap", [" ", " … "])
    def test_a_ceiling_holds(self, strategy, gap):
        context = compress(strategy, ["a b c d", "e f g h"], 7, Config(max_chunk_tokens=3, gap=gap))
        assert all(c.tokens_after <= 3 for c in context.chunks)
        assert context.text

    def test_nothing_in_nothing_out(self, strategy):
        engine = SemToken(encoder=HashEncoder(), strategy=strategy, on_error="raise")
        context = engine.compress(["", " "], "Who?", ratio=0.5)
        assert (context.text, context.units) == ("", ())


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: ChunkedStrategy(size=0), "0"),
        (lambda: VQStrategy(codes=0), "0"),
        (lambda: VQStrategy(codes=1.5), "1.5"),
        (lambda: TofuStrategy(share=0), "0"),
        (lambda: TofuStrategy(share=0.6), "0.6"),
    ],
)
def test_bad_options_show_the_value(make, shown):
    with pytest.raises(ValueError, match=f"got {shown}"):
        make()


def at_least_one(text):
    return max(1, len(text.split()))


def with_specials(text):
    return len(text.split()) + 2


def one_over(text):
    """One more than 500 tokens, whatever there is."""
    return 501 if len(text.split()) > 1 else 1


@pytest.mark.parametrize("strategy", ["paper", "bpe-chunk", "entropy-pruned", "vq-tok", "tofu-tok"])
@pytest.mark.parametrize(
    ("counter", "budget"),
    [(with_specials, {"max_tokens": 1}), (at_least_one, {"ratio": 0.05}), (one_over, {"max_tokens": 500})],
    ids=["special tokens", "at least 1", "one over"],
)
def test_a_counter_that_counts_more_than_there_is_ends(strategy, counter, budget):
    texts = ["The tower opened in 1889. It rained.", "Bread is flour. " * 150]
    engine = SemToken(encoder=HashEncoder(), strategy=strategy, token_counter=counter, on_error="raise")
    context = Deadline(20).run(lambda: engine.compress(texts, "When?", **budget))
    assert context.stats.tokens_after <= context.stats.budget


@pytest.mark.parametrize("strategy", ["paper", "tofu-tok"])
def test_the_time_is_up_between_two_rounds(strategy):
    """The counter ends the deadline: what comes after it notices."""
    deadline = Deadline(60)

    def counter(text):
        if text == " ends":
            deadline.stop()
        return len(text.split())

    engine = SemToken(encoder=HashEncoder(), strategy=strategy, token_counter=counter, on_error="raise")
    with pytest.raises(DeadlineExceeded):
        deadline.run(lambda: engine.compress(["It rained until it ends"], "When?", max_tokens=2))


def test_the_codes_do_not_depend_on_the_number_of_threads_which_stays_as_it_was():
    faiss = pytest.importorskip("faiss")
    words = list("abcdefghijklmnopqr")
    draws, before = random.Random(0), faiss.omp_get_max_threads()
    texts = [" ".join(draws.choices(words, k=240)) for _ in range(5)]
    engine, found = SemToken(encoder="static", strategy="vq-tok"), {}
    try:
        for threads in (1, 2):
            faiss.omp_set_num_threads(threads)
            found[threads] = engine.compress(texts, "Who?", ratio=0.3).text
            assert faiss.omp_get_max_threads() == threads
    finally:
        faiss.omp_set_num_threads(before)
    assert found[1] == found[2]
