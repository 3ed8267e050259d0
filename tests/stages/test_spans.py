"""Spans: where a unit breaks, and what stays in one piece."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.spans import PROTECTED, SpanRule
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Encoding, Tokens

TEXTS = st.one_of(
    st.lists(
        st.sampled_from(
            ["Paris", "3.5", "kg", "not", "without", "2024-03-01", "AB-12_x", "%", "isn’t", "你好", "नहीं",
             "لا", "\n", "\x00", "\ud800", "1,000", "million", ",", "."]
        ),
        max_size=20,
    ).map(" ".join),
    st.text(st.characters(codec=None), max_size=60),
)  # fmt: skip


def encoded(text: str) -> Tokens:
    return Tokens.concatenate(HashEncoder().encode([text], [""]))


def by_hand(offsets: list[tuple[int, int]], vectors: list[list[float]]) -> Tokens:
    none = np.zeros(0, np.int64)
    made = Encoding(
        np.arange(len(offsets)), np.array(offsets), np.array(vectors, np.float32), none, np.zeros((0, 2))
    )
    return Tokens.concatenate([made])


def cut(text: str, quantile: float, *protect: str) -> list[str]:
    tokens = encoded(text)
    spans = SpanRule(quantile)(text, tokens, 0, len(tokens.ids), protect)
    return [text[tokens.offsets[a, 0] : tokens.offsets[b - 1, 1]] for a, b in spans]


WORDS = [(0, 2), (3, 5), (6, 8), (9, 11)]
EAST, NORTH = [1.0, 0.0], [0.0, 1.0]


def test_a_unit_breaks_where_the_cosine_is_below_the_quantile():
    tokens = by_hand(WORDS, [EAST, EAST, NORTH, NORTH])  # cosines 1, 0, 1
    assert SpanRule(0.5)("aa bb cc dd", tokens, 0, 4).tolist() == [[0, 2], [2, 4]]
    assert SpanRule(0.0)("aa bb cc dd", tokens, 0, 4).tolist() == [[0, 4]]


def test_only_the_range_asked_for_counts():
    tokens = by_hand(WORDS, [EAST, EAST, EAST, NORTH])  # cosines 1, 1, 0
    assert SpanRule(0.5)("aa bb cc dd", tokens, 1, 4).tolist() == [[1, 3], [3, 4]]
    assert SpanRule(0.5)("aa bb cc dd", tokens, 0, 3).tolist() == [[0, 3]]


def test_a_word_of_several_tokens_stays_whole():
    tokens = by_hand([(0, 2), (2, 4), (4, 6), (7, 9)], [EAST, NORTH, EAST, NORTH])  # cosines 0, 0, 0
    assert SpanRule(0.0)("aabbcc dd", tokens, 0, 4).tolist() == [[0, 4]]
    leaning = by_hand([(0, 2), (2, 4), (5, 7)], [EAST, NORTH, NORTH])  # the low cosine lies inside a word
    assert SpanRule(0.5)("aabb cc", leaning, 0, 3).tolist() == [[0, 3]]


@pytest.mark.parametrize(("start", "end"), [(0, 1), (2, 3), (2, 2)])
def test_less_than_two_tokens_are_one_span(start, end):
    assert SpanRule()("aa bb cc dd", by_hand(WORDS, [EAST] * 4), start, end).tolist() == [[start, end]]


@settings(deadline=None)
@given(text=TEXTS, quantile=st.floats(0, 1), data=st.data())
def test_spans_cover_the_range_in_order(text, quantile, data):
    tokens = encoded(text)
    start = data.draw(st.integers(0, len(tokens.ids)))
    end = data.draw(st.integers(start, len(tokens.ids)))
    spans = SpanRule(quantile)(text, tokens, start, end)
    assert (spans[0, 0], spans[-1, 1]) == (start, end)
    assert (spans[1:, 0] == spans[:-1, 1]).all()
    assert len(spans) == 1 or (spans[:, 0] < spans[:, 1]).all()


@settings(deadline=None)
@given(text=TEXTS, quantile=st.floats(0.5, 1), own=st.sampled_from([(), (r"[Pp]aris\s\S+",), (r"\w+ \w+",)]))
def test_no_protected_match_is_split(text, quantile, own):
    tokens = encoded(text)
    n = len(tokens.ids)
    spans = SpanRule(quantile)(text, tokens, 0, n, own)
    breaks = [(int(tokens.offsets[b - 1, 1]), int(tokens.offsets[b, 0])) for b in spans[:-1, 1].tolist()]
    first = int(tokens.offsets[0, 0]) if n else 0
    last = int(tokens.offsets[-1, 1]) if n else 0
    for pattern in (*PROTECTED, *own):
        for match in re.finditer(pattern, text[first:last]):
            a, b = match.start() + first, match.end() + first
            assert not [(left, right) for left, right in breaks if a < left and right < b]


@pytest.mark.parametrize(
    "whole",
    ["3.5 kg", "12 %", "20 °C", "5 billion", "2024-03-01", "1,000 million", "AB-12_x", "not allowed",
     "without sugar", "isn’t there", "wasn't there", "10:30"],
)  # fmt: skip
@settings(deadline=None)
@given(
    before=st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta"]), min_size=1, max_size=5),
    after=st.lists(st.sampled_from(["epsilon", "zeta", "eta", "theta"]), min_size=1, max_size=5),
)
def test_numbers_with_units_dates_identifiers_and_negations_stay_whole(whole, before, after):
    spans = cut(" ".join([*before, whole, *after]), 1.0)
    assert [span for span in spans if whole in span]


def test_a_pattern_of_ones_own_keeps_its_match_whole():
    text = "alpha beta Jean Valjean gamma delta"
    assert not [span for span in cut(text, 1.0) if "Jean Valjean" in span]
    assert [span for span in cut(text, 1.0, "Jean Valjean") if "Jean Valjean" in span]
