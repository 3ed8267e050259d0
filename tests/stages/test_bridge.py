"""Bridging: what other units gain by one that is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.bridge import FEATURES, Bridge, features
from semtoken_rag.stages.segment import build_units
from semtoken_rag.stages.terms import Terms
from semtoken_rag.stages.weights import fitted
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Chunk, Tokens

FILM = [
    Chunk("Alien was directed by Ridley Scott. It ran long."),  # units 0 and 1
    Chunk("He was born in 1937.", title="Ridley Scott"),  # 2
    Chunk("Robert walked to the pole.", title="Robert Scott"),  # 3
    Chunk("Rain fell.", title="Weather"),  # 4
    Chunk("Ridley Scott paints."),  # 5
]


def posed(chunks: list[Chunk], question: str = "who"):
    *encodings, asked = HashEncoder().encode(
        [*(c.text for c in chunks), question], [*(c.title for c in chunks), ""]
    )
    tokens = Tokens.concatenate(encodings)
    units = build_units(chunks, tokens)
    return units, Terms.of(tokens, units, asked.ids)


def test_a_title_that_the_kept_unit_mentions_counts_by_its_share():
    got = features(0, *posed(FILM))["title_mentioned"]
    assert got[2] == pytest.approx(1)
    assert 0 < got[3] < 0.5  # Scott, but not the rarer Robert
    assert got[4] == 0


def test_the_first_words_of_a_chunk_without_a_title_stand_for_one():
    got = features(0, *posed(FILM))["title_mentioned"]
    assert 0.5 < got[5] < 1  # Ridley and Scott of "Ridley Scott paints."
    bare = [Chunk(c.text) for c in FILM]
    late = [*bare[:4], Chunk("Nobody knows who paints these walls here, perhaps Ridley Scott")]
    assert features(0, *posed(bare))["title_mentioned"][5] > 0.5
    assert features(0, *posed(late))["title_mentioned"][5] == 0  # the names come too late


def test_units_that_mention_the_title_of_the_kept_one_count():
    got = features(2, *posed(FILM))["mentions_title"]
    assert got[0] == pytest.approx(1)
    assert got[5] == pytest.approx(1)
    assert got[1] == got[3] == got[4] == 0


def test_shared_words_count_by_their_rarity():
    chunks = [Chunk("the zebra"), Chunk("the dog"), Chunk("a zebra"), Chunk("the cat"), Chunk("the zebra")]
    got = features(0, *posed(chunks))["shared"]
    assert got[4] == pytest.approx(1)
    assert 1 > got[2] > got[1] == got[3] > 0


def test_words_of_the_question_count_nothing():
    found = features(0, *posed(FILM, "Ridley Scott"))
    assert found["title_mentioned"][:5].tolist() == [0] * 5
    assert found["title_mentioned"][5] < 0.1  # the full stop
    assert found["shared"][5] == found["shared"][4]  # beside the two names, only the full stop
    asked_otherwise = features(0, *posed(FILM))["shared"]
    assert asked_otherwise[5] > asked_otherwise[4]


def test_the_chunk_of_the_kept_unit_gains_nothing():
    for values in features(1, *posed([Chunk("Scott ran. Scott won.", title="Scott"), *FILM])).values():
        assert values[:2].tolist() == [0, 0]


def test_a_title_without_a_unit_of_its_own_is_no_obstacle():
    units, terms = posed(
        [Chunk("Scott ran."), Chunk("", title="Scott"), Chunk("Scott won."), Chunk(" ", title="x")]
    )
    assert {values.shape for values in features(0, units, terms).values()} == {(2,)}


WORDS = st.lists(st.sampled_from(["Scott", "Ridley", "Alien", "rain", ".", "fell"]), max_size=6).map(" ".join)


@settings(deadline=None)
@given(chunks=st.lists(st.builds(Chunk, WORDS, title=WORDS), max_size=5), question=WORDS, data=st.data())
def test_features_are_shares(chunks, question, data):
    units, terms = posed([Chunk("Alien fell."), *chunks], question)
    found = features(data.draw(st.integers(0, len(units) - 1)), units, terms)
    assert set(found) == set(FEATURES)
    for values in found.values():
        assert values.shape == (len(units),)
        assert ((values >= 0) & (values <= 1 + 1e-5)).all()


def test_the_gain_is_the_weighted_sum_and_never_negative():
    units, terms = posed(FILM)
    found = features(0, units, terms)
    got = Bridge(weights={"title_mentioned": 2.0, "shared": 1.0}).gain(0, units, terms, "hash")
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, 2 * found["title_mentioned"] + found["shared"], rtol=1e-6)
    assert Bridge(weights={"shared": -1.0}).gain(0, units, terms, "hash").tolist() == [0] * 6


@pytest.mark.parametrize("encoder", ["static", "hash"])
def test_without_weights_the_fitted_ones_are_taken(encoder):
    units, terms = posed(FILM)
    own = Bridge(weights=fitted(encoder)["bridge"]).gain(0, units, terms, "another")
    np.testing.assert_array_equal(Bridge().gain(0, units, terms, encoder), own)
    assert own.argmax() == 2
