"""`keep`: more is never less, the bounds hold, and neither a store nor a second call changes anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, CompressedContext, Config, SemToken
from semtoken_rag.stages.answerable import SIGNS
from semtoken_rag.stages.calibration import Calibration, version_of
from semtoken_rag.testing import check_context

WORDS = [
    "the",
    "tower",
    "bridge",
    "opened",
    "closed",
    "in",
    "1889",
    "1950",
    "bread",
    "red",
    "it",
    "they",
    "who",
]
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(lambda w: " ".join(w).title() + ".")
CHUNKS = st.lists(
    st.lists(SENTENCES, min_size=1, max_size=6).map(" ".join).map(Chunk), min_size=1, max_size=4
)
QUESTIONS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
KEEPS = (0.3, 0.6, 0.9, 0.97)
BOUNDS = ({"ratio": 1.0}, {"ratio": 0.5}, {"max_tokens": 12}, {"max_tokens": 20, "ratio": 0.7})
some_examples = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Callable[..., SemToken]:
    name = SemToken(encoder="static").encoder.name
    needed = np.linspace(-4, -0.02, 100)
    made = Calibration(name, version_of(name), needed, (1.0, 1.5), (0.0,) * (len(SIGNS) + 1))
    file: Path = tmp_path_factory.mktemp("calibration") / "c.json"
    made.save(file)

    def make(store: str | None = None, **settings: object) -> SemToken:
        config = Config(calibration=file, **settings)
        return SemToken(encoder="static", store=store, config=config, on_error="raise")

    return make


def kept(context: CompressedContext) -> set[tuple[int, int]]:
    """Characters that are passed on."""
    return {(c.index, at) for c in context.chunks for p in c.pieces for at in range(p.start, p.end)}


@some_examples
@given(chunks=CHUNKS, question=QUESTIONS, bound=st.sampled_from(BOUNDS))
def test_a_higher_chance_keeps_all_that_a_lower_one_keeps_and_the_bounds_hold(
    engine, chunks, question, bound
):
    one, without = engine(), engine().compress(chunks, question, **bound)
    found = [one.compress(chunks, question, keep=keep, **bound) for keep in KEEPS]
    for less, more in zip(found, [*found[1:], without], strict=True):
        assert kept(less) <= kept(more)
    for context in found:
        stats = context.stats
        allowed = min(bound.get("max_tokens", 10**6), int(bound.get("ratio", 1.0) * stats.tokens_before))
        check_context(context, chunks, allowed, one.counter.count)
        assert 0 <= stats.confidence <= 1


@some_examples
@given(chunks=CHUNKS, question=QUESTIONS, keep=st.floats(0.05, 0.97), bound=st.sampled_from(BOUNDS))
def test_a_promise_is_kept_or_the_bound_is_named(engine, chunks, question, keep, bound):
    context = engine().compress(chunks, question, keep=keep, **bound)
    stats = context.stats
    if stats.cut_by == "keep" or stats.cut_by is None:
        assert stats.confidence >= keep
    else:
        assert stats.cut_by in bound


@some_examples
@given(chunks=CHUNKS, question=QUESTIONS, keep=st.sampled_from(KEEPS), bound=st.sampled_from(BOUNDS))
def test_a_store_and_a_second_call_change_nothing(engine, chunks, question, keep, bound):
    stored = engine("memory://")
    first = engine().compress(chunks, question, keep=keep, **bound)
    for other in (engine(), stored, stored):
        again = other.compress(chunks, question, keep=keep, **bound)
        assert again.text == first.text
        assert again.curve == first.curve
        for name in ("confidence", "answerable", "cut_by", "tokens_after"):
            assert getattr(again.stats, name) == getattr(first.stats, name)


def test_a_bound_that_cuts_first_is_logged_once(engine, caplog):
    chunks, one = ["The tower opened in 1889. It rained. Bread is red. They closed the old bridge."], engine()
    for _ in range(2):
        context = one.compress(chunks, "When did they close the tower?", keep=0.97, max_tokens=6)
    assert context.stats.cut_by == "max_tokens"
    assert caplog.text.count("before keep=0.97 was reached") == 1


@pytest.mark.parametrize("keep", [0, 1, -0.1, 1.5, True, "0.9"])
def test_a_chance_that_is_none_is_refused_with_its_value(engine, keep):
    with pytest.raises(ValueError, match=r"keep must be in \(0, 1\), got"):
        engine().compress(["A tower."], "What?", ratio=1, keep=keep)


def test_a_chance_without_a_bound_or_beyond_the_calibration_is_refused(engine):
    with pytest.raises(ValueError, match="ratio=1 is no bound"):
        engine().compress(["A tower."], "What?", keep=0.9)
    with pytest.raises(ValueError, match="at least 999 questions, got one on 100"):
        engine().compress(["A tower."], "What?", ratio=1, keep=0.999)


WARRANTY = "The warranty covers 24 months, except for batteries."


def twice() -> list[str]:
    return [
        f"It rained that day. {WARRANTY} Ann met Bob in Rome.",
        f"Paris is in France. {WARRANTY} The office is in Oslo.",
        "Do not mix bleach and ammonia. Refunds take 30 days.",
    ]


def test_of_a_sentence_in_two_chunks_the_kept_one_has_the_chance():
    texts = twice()
    context = SemToken(encoder="static").compress(texts, "What does the warranty cover?", ratio=1, keep=0.3)
    said = [u for u in context.units if texts[u.chunk][u.start : u.end] == WARRANTY]
    assert [u.granularity.name for u in said] == ["FINE", "DROPPED"]
    assert said[0].probability is not None
    assert said[1].probability is None
    assert context.stats.cut_by == "keep"


@some_examples
@given(CHUNKS, QUESTIONS)
def test_a_curve_rises_to_one(chunks, question):
    context = SemToken(encoder="static").compress(chunks, question, ratio=0.5)
    tokens, chances = zip(*context.curve, strict=True)
    assert list(tokens) == sorted(tokens)
    assert list(chances) == sorted(chances)
    assert chances[-1] == 1.0
    assert 0 <= context.stats.confidence <= 1
    assert 0 <= context.answerable <= 1


def test_repetitions_that_are_left_out_cut_nothing():
    context = SemToken(encoder="static").compress(["\n".join(["yes"] * 50)], "yes?", ratio=0.5)
    assert context.stats.tokens_after < context.stats.tokens_before
    assert (context.stats.cut_by, context.stats.confidence) == (None, 1.0)


def test_a_question_without_tokens_is_promised_nothing():
    stats = SemToken(encoder="static").compress(["A tower. A bridge."], "\u200b", ratio=0.6, keep=0.9).stats
    assert (stats.keep, stats.confidence) == (None, None)
