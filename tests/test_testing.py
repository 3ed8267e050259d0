"""The checks that strangers run on what they plug in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from semtoken_rag import SemToken
from semtoken_rag.encoders.words import WordEncoder
from semtoken_rag.strategy import Problem
from semtoken_rag.strategy.registry import PAPER_STRATEGIES, STRATEGIES, resolve_strategy
from semtoken_rag.testing import HashEncoder, check_encoder, check_strategy
from semtoken_rag.types import Granularity, Selection


@pytest.mark.parametrize("name", [*STRATEGIES, *PAPER_STRATEGIES])
def test_every_strategy_passes(name: str):
    check_strategy(resolve_strategy(name, HashEncoder())[1])


def test_two_lines_are_a_strategy():
    def longest(problem: Problem) -> Selection:
        return problem.keep(problem.cost)

    check_strategy(longest)
    context = SemToken(encoder="static", strategy=longest).compress(
        ["One. Two and three. Four."], max_tokens=4
    )
    assert context.text == "Two and three."


def everything(problem: Problem) -> Selection:
    m = len(problem.units)
    scores = {"score": np.zeros(m, np.float32)}
    return Selection(np.full(m, Granularity.FINE), np.arange(m), problem.units.chars, scores)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"order": np.zeros(0, np.int64)}, "order must name each kept unit once, got 0"),
        ({"granularity": np.zeros(1, np.int64)}, "granularity of .* units must have shape"),
        ({"scores": {}}, "must have scores"),
        ({"chars": np.full((8, 2), 10_000)}, "chars of|its part at"),
    ],
)
def test_a_selection_that_does_not_fit_the_units_is_refused(change: dict, told: str):
    def wrong(problem: Problem) -> Selection:
        return replace(everything(problem), **change)

    with pytest.raises(ValueError, match=told):
        check_strategy(wrong)
    engine = SemToken(encoder="static", strategy=wrong)
    context = engine.compress(["One. Two. Three.", "Four. Five."], "Three?", max_tokens=3)
    assert context.stats.fallback
    assert context.stats.tokens_after <= 3


def test_a_strategy_over_the_budget_or_of_moods_is_found():
    with pytest.raises(AssertionError, match="tokens"):
        check_strategy(everything)
    rng = np.random.default_rng(0)
    with pytest.raises(AssertionError, match="decided otherwise"):
        check_strategy(lambda problem: problem.keep(rng.random(len(problem.units))))


@pytest.mark.parametrize("scores", [[1.0], [float("nan")] * 4])
def test_scores_that_do_not_fit_are_refused(scores: list[float]):
    engine = SemToken(encoder="static", strategy=lambda problem: problem.keep(scores), on_error="raise")
    with pytest.raises(ValueError, match="scores must"):
        engine.compress(["One. Two. Three. Four."], max_tokens=3)


def test_an_encoder_whose_vectors_depend_on_the_batch_is_found():
    class Moody(WordEncoder):
        def encode(self, texts, titles):
            made = super().encode(texts, titles)
            return [replace(e, vectors=np.roll(e.vectors, len(texts), axis=1)) for e in made]

    check_encoder(HashEncoder())
    with pytest.raises(AssertionError, match="vectors of"):
        check_encoder(Moody(lambda words: [[len(w), 1.0, 2.0, 3.0] for w in words], "moody"))
