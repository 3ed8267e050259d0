"""The default rule from end to end, on texts whose right answer is plain to see."""

from __future__ import annotations

import numpy as np
import pytest

from semtoken_rag import Chunk, Config, Granularity, SemToken
from semtoken_rag.stages.spans import SpanRule
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.testing import HashEncoder, check_context
from semtoken_rag.types import Tokens


def granularities(context):
    return [unit.granularity for unit in context.units]


def test_text_without_blanks_is_cut_too():
    text = "今天北京下雨，气温很低，大家都留在家里喝茶聊天。"
    context = SemToken(encoder="static").compress([text], "北京", max_tokens=14)
    assert granularities(context) == [Granularity.COARSE]
    assert context.text == "今天北京下雨， …"


def test_what_has_no_clause_to_cut_at_is_left_out_rather_than_broken():
    text = "The old lighthouse was opened by the queen in May of 1889 today."
    context = SemToken(encoder="static").compress([text], "When was the lighthouse opened?", max_tokens=10)
    assert granularities(context) == [Granularity.DROPPED]
    assert context.text == ""


def test_what_has_neither_commas_nor_blanks_is_cut_between_phrases():
    text = "今天北京下雨而且非常冷所以大家都留在家里喝茶聊天。"
    context = SemToken(encoder="static").compress([text], "北京", max_tokens=10)
    assert granularities(context) == [Granularity.COARSE]
    assert context.text == "今天北京下雨 …"


def test_the_best_unit_is_cut_rather_than_replaced_by_worse_ones():
    answer = (
        "The old lighthouse was opened by the queen in May 1889, and it has been painted by hand every seven "
        "years since then by the people of the northern bay."
    )
    chunks = [answer, "Bread is good.", "It rained."]
    context = SemToken(encoder="static").compress(chunks, "When was the lighthouse opened?", max_tokens=18)
    assert granularities(context)[0] == Granularity.COARSE
    assert "The old lighthouse was opened by the queen in May 1889, …" in context.text


def test_a_floor_keeps_no_doubles():
    chunks = ["Alpha beta gamma."] * 3 + ["Other words here now."]
    engine = SemToken(encoder=HashEncoder(), config=Config(min_chunk_tokens=1))
    assert engine.compress(chunks, "alpha beta", max_tokens=13).text.count("Alpha") == 1


def test_a_double_is_not_cut_either():
    chunks = ["Alpha beta gamma delta epsilon zeta."] * 2
    context = SemToken(encoder=HashEncoder()).compress(chunks, "alpha", max_tokens=13)
    assert context.text.count("Alpha") == 1


@pytest.mark.parametrize("score", [float("inf"), float("-inf"), float("nan"), 1e30, -1e30, None])
def test_any_retriever_score_is_taken(score):
    chunks = [Chunk("The tower opened.", score=score), Chunk("It rained.", score=0.5)]
    context = SemToken(encoder="static", on_error="raise").compress(chunks, "When?", max_tokens=4)
    assert all(np.isfinite(list(unit.scores.values())).all() for unit in context.units)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("It is warm in there, it is not, as they say, allowed here.", "not, as they say, allowed"),
        ("It is warm in there, they met on 3 January 2020 again.", "3 January 2020"),
        ("It is warm in there, they met on January 3, 2020 once more.", "January 3, 2020"),
    ],
)
def test_negations_and_dates_in_words_stay_whole(text, whole):
    tokens = Tokens.concatenate(HashEncoder().encode([text], [""]))
    spans = SpanRule()(text, tokens, (0, len(text)), (0, len(tokens.ids)))
    cuts = set(spans.chars[spans.may_start, 0].tolist())
    inside = range(text.index(whole) + 1, text.index(whole) + len(whole))
    assert len(spans) > 1
    assert not cuts & set(inside)


def test_a_prior_decides_between_units_that_are_alike():
    chunks = [Chunk("The tower opened in 1889."), Chunk("The tower opened in 1890.")]

    def kept(prior: list[float] | None) -> list[int]:
        strategy = SemTokenStrategy(prior=None if prior is None else lambda _: np.array(prior, np.float32))
        engine = SemToken(encoder="static", strategy=strategy, on_error="raise")
        context = engine.compress(chunks, "When did the tower open?", max_tokens=6)
        assert prior is None or [u.scores["prior"] for u in context.units] == prior
        return [c.index for c in context.chunks]

    assert kept([-9.0, 0.0]) == [1]
    assert kept([0.0, -9.0]) == [0]
    assert kept([0.0, 0.0]) == kept(None)


def test_a_token_that_goes_on_beyond_its_unit_does_not_make_pieces_overlap():
    chunks = [
        Chunk(f"a b c {'x' * 6000} and more words follow here. It rained.")
    ]  # one unknown word, five units
    engine = SemToken(encoder="static", on_error="raise")
    for limit in range(1, 8):
        context = engine.compress(chunks, "x", max_tokens=limit)
        check_context(context, chunks, limit, engine.counter.count)
