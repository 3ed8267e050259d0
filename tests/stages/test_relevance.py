"""Relevance: which sign rises with what, and how signs become one score."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.relevance import FEATURES, SCALE, Relevance, features, softmax, standardise
from semtoken_rag.stages.segment import build_units
from semtoken_rag.stages.weights import fitted
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Chunk, Query, Tokens

FLOATS = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=9).map(lambda v: np.array(v, np.float32))


def posed(chunks: list[Chunk], question: str):
    *encodings, asked = HashEncoder().encode(
        [*(c.text for c in chunks), question], [*(c.title for c in chunks), ""]
    )
    tokens = Tokens.concatenate(encodings)
    units = build_units(chunks, tokens)
    return Asked.of(Query(question, asked), chunks, tokens, units)


TOWER = [
    Chunk("Bread is baked. The tower opened then.", title="Kitchen"),
    Chunk("It has stairs. Rain fell.", title="The tower"),
    Chunk("Cats sleep."),
]
QUESTION = "When was the tower opened"


def signs():
    return features(posed(TOWER, QUESTION))


def test_every_feature_has_one_finite_value_a_unit():
    found = signs()
    assert set(found) == set(FEATURES)
    for values in found.values():
        assert (values.shape, values.dtype) == ((5,), np.float32)
        assert np.isfinite(values).all()


@pytest.mark.parametrize("name", ["late", "late_own", "unit_share"])
def test_the_unit_that_answers_scores_best(name):
    assert signs()[name].argmax() == 1


def test_a_title_counts_for_every_unit_of_its_chunk():
    found = signs()
    assert found["late"][3] > found["late"][0]  # both share no word with the question
    title = found["lexical_title"]
    assert title[2] == title[3] > title[0] == title[1] == title[4]


def test_a_title_leaves_what_the_unit_itself_says_alone():
    plain = features(posed([Chunk(c.text) for c in TOWER], QUESTION))
    assert plain["late"].tolist() != signs()["late"].tolist()
    np.testing.assert_array_equal(plain["late_own"], signs()["late_own"])


def test_lead_falls_from_the_start_of_each_chunk():
    lead = signs()["lead"]
    assert lead[0] == lead[2] == lead[4] > lead[1] == lead[3]


def test_a_rare_word_of_the_question_outweighs_a_common_one():
    chunks = [Chunk("the dog"), Chunk("the cat"), Chunk("the hen"), Chunk("a zebra")]
    assert features(posed(chunks, "the zebra"))["late"].argmax() == 3


def test_units_without_tokens_and_calls_without_units_are_scored():
    assert features(posed([Chunk("\u200b"), Chunk("word")], "word"))["late"].argmax() == 1
    assert {v.shape for v in features(posed([Chunk(" ")], "word")).values()} == {(0,)}


def test_the_score_is_the_weighted_sum_of_the_features():
    problem = posed(TOWER, QUESTION)
    got = Relevance({"late": 2.0, "lead": -0.5})(problem, "hash")
    np.testing.assert_allclose(got, 2 * signs()["late"] - 0.5 * signs()["lead"], rtol=1e-6)
    assert Relevance({})(problem, "hash").tolist() == [0] * 5


@pytest.mark.parametrize("encoder", ["static", "hash"])
def test_without_weights_the_fitted_ones_are_taken(encoder):
    problem = posed(TOWER, QUESTION)
    own = Relevance(fitted(encoder)["relevance"])(problem, "another")
    np.testing.assert_array_equal(Relevance()(problem, encoder), own)


@settings(deadline=None)
@given(
    texts=st.lists(
        st.lists(st.sampled_from(["tower", "opened", "rain", "cat", "."])).map(" ".join), min_size=1
    ),
    seed=st.randoms(use_true_random=False),
)
def test_the_order_of_the_chunks_does_not_matter(texts, seed):
    order = list(range(len(texts)))
    seed.shuffle(order)
    problem = posed([Chunk(t) for t in texts], QUESTION)
    shuffled = posed([Chunk(texts[i]) for i in order], QUESTION)
    back = np.concatenate([np.flatnonzero(shuffled.units.chunk == order.index(i)) for i in range(len(texts))])
    for name, values in features(problem).items():
        np.testing.assert_allclose(features(shuffled)[name][back], values, atol=2e-3, err_msg=name)
    assert len(back) == len(problem.units)


def test_softmax_by_hand():
    got = softmax(np.array([0.5, 0.5 + log(3) / SCALE], np.float32))
    np.testing.assert_allclose(got, [0.25, 0.75], rtol=1e-4)
    assert softmax(np.zeros(0, np.float32)).shape == (0,)


@settings(deadline=None)
@given(values=FLOATS)
def test_softmax_sums_to_1_and_keeps_the_order(values):
    share = softmax(values)
    np.testing.assert_allclose(share.sum(), 1, rtol=1e-5)
    assert (np.diff(share[np.argsort(values)]) >= 0).all()


def test_standardise_by_hand():
    assert standardise(np.array([1, 3], np.float32)).tolist() == [-1, 1]
    assert standardise(np.array([0.1] * 3, np.float32)).tolist() == [0, 0, 0]
    assert standardise(np.zeros(0, np.float32)).shape == (0,)


@settings(deadline=None)
@given(values=FLOATS.filter(lambda v: v.std() > 1e-3))
def test_standardised_values_have_mean_0_and_deviation_1(values):
    got = standardise(values)
    np.testing.assert_allclose([got.mean(), got.std()], [0, 1], atol=1e-3)
