"""Spans: where a unit breaks, and which of its parts may stand alone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.spans import STEP, SpanRule, Spans
from semtoken_rag.testing import HashEncoder
from semtoken_rag.text.atoms import atoms
from semtoken_rag.types import Tokens

TEXTS = st.one_of(
    st.lists(
        st.sampled_from(
            ["Paris", "3.5", "kg", "not", "without", "2024-03-01", "AB-12_x", "%", "isn’t", "你好", "नहीं",
             "لا", "\n", "\x00", "\ud800", "1,000", "million", ",", ".", ";", "it is so,", "(see", "2019)"]
        ),
        max_size=20,
    ).map(" ".join),
    st.text(st.characters(codec=None), max_size=60),
)  # fmt: skip


def cut(text: str, *protect: str, start: int = 0, end: int | None = None) -> tuple[Spans, Tokens]:
    """Spans of the unit ``start:end`` of a text."""
    tokens = Tokens.concatenate(HashEncoder().encode([text], [""]))
    end = len(text) if end is None else end
    own = np.searchsorted(tokens.offsets[:, 0], [start, end]).tolist()
    return SpanRule(protect)(text, tokens, (start, end), (own[0], own[1])), tokens


def shown(text: str, *protect: str, **unit: int) -> list[tuple[str, bool, bool]]:
    spans, _ = cut(text, *protect, **unit)
    return [
        (text[a:b], bool(s), bool(e))
        for (a, b), s, e in zip(spans.chars.tolist(), spans.may_start, spans.may_end, strict=True)
    ]


BAY = "The tower was opened by the queen, and it is painted every year, and the town pays for it."


def test_a_unit_breaks_at_its_clauses():
    assert shown(BAY) == [
        ("The tower was opened by the queen,", True, True),
        ("and it is painted every year,", True, True),
        ("and the town pays for it.", False, True),  # no finite verb that is known: it may lack its subject
    ]


def test_what_governs_the_rest_is_not_cut_off():
    text = "The pool is open to all guests, it is heated at night, except on Mondays in winter."
    assert [end for _, _, end in shown(text)] == [False, True]
    text = "Neither the carrier, nor the company, nor the port is liable for damage to the goods."
    assert [begin for _, begin, _ in shown(text)] == [True, False, False]


def test_in_doubt_about_the_language_all_negations_count():
    rest = "é verdade que a sala é cara e que o bar não tem vista para o mar. "
    text = "No es cierto que la sala es cara, la piscina es nueva, y el bar es caro."
    start = 5 * len(rest)
    assert [begin for _, begin, _ in shown(rest * 5 + text, start=start)] == [True, False, False]


def test_only_the_unit_asked_for_is_cut():
    text = f"It rained. {BAY} It snowed."
    start = text.index("The tower")
    assert shown(text, start=start, end=start + len(BAY)) == shown(BAY)


def test_spans_know_their_tokens():
    spans, tokens = cut(BAY)
    for (a, b), (first, last) in zip(spans.chars.tolist(), spans.tokens.tolist(), strict=True):
        assert tokens.offsets[first, 0] == a
        assert tokens.offsets[last - 1, 1] == b


@pytest.mark.parametrize("text", ["Rain", "It rained all day in the town", "One, two, six"])
def test_less_than_two_clauses_are_one_span(text):
    assert shown(text) == [(text, True, True)]


def test_a_script_without_blanks_is_cut_by_tokens_where_no_clause_ends():
    text = "สัญญาเช่ามีอายุสองปีนับจากวันที่ลงนามผู้เช่าต้องชำระค่าเช่าทุกวันที่ห้าของเดือน"
    encoder = HashEncoder()
    tokens = Tokens.concatenate(encoder.encode([" ".join(text)], [""]))
    spaced = " ".join(text)
    spans = SpanRule()(spaced, tokens, (0, len(spaced)), (0, len(tokens.ids)))
    sizes = (spans.tokens[:, 1] - spans.tokens[:, 0]).tolist()
    assert len(sizes) > 1
    assert set(sizes[:-1]) == {STEP}
    assert spans.may_start.all()
    assert spans.may_end.all()


@settings(deadline=None)
@given(text=TEXTS.filter(str.strip), data=st.data())
def test_spans_cover_the_unit_in_order(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    left, right = start + len(text[start:end]) - len(text[start:end].lstrip()), end
    right = start + len(text[start:end].rstrip())
    if left >= right:
        return
    spans, _ = cut(text, start=left, end=right)
    assert (spans.tokens[1:, 0] == spans.tokens[:-1, 1]).all()
    assert (spans.chars[:, 0] <= spans.chars[:, 1]).all()
    assert (spans.chars[1:, 0] >= spans.chars[:-1, 1]).all()
    assert spans.chars[0, 0] == left
    assert spans.chars[-1, 1] <= right
    assert spans.may_start[0]
    assert spans.may_end[-1]


@settings(deadline=None)
@given(text=TEXTS.filter(str.strip), own=st.sampled_from([(), (r"[Pp]aris\s\S+",), (r"\w+,? \w+",)]))
def test_no_atom_is_split_and_no_protected_match_is_left_open(text, own):
    spans, _ = cut(text.strip(), *own)
    text = text.strip()
    breaks = list(zip(spans.chars[:-1, 1].tolist(), spans.chars[1:, 0].tolist(), strict=True))
    stepped = len(spans) > 1 and spans.tokens[0, 1] - spans.tokens[0, 0] == STEP
    for a, b in [] if stepped else atoms(text, 0, len(text)):
        assert not [right for _, right in breaks if a < right < b]
    for pattern in own:
        for match in re.finditer(pattern, text):
            for i, (left, right) in enumerate(breaks):
                if match.start() < right and left < match.end():
                    assert not spans.may_end[i]
                    assert not spans.may_start[i + 1]


@pytest.mark.parametrize(
    "whole",
    ["3,5 kg", "1 250 000 EUR", "January 3, 2020", "(Kern, 2019; Lund, 2021)", "“so, it is, and stays”",
     "`a, b, c`", "[a, the list, here](http://x.y/a,b)", "+49 (0) 30 123456", "10.000,00 Franken"],
)  # fmt: skip
@settings(deadline=None)
@given(
    before=st.lists(st.sampled_from(["alpha", "beta", "it is so,"]), min_size=1, max_size=5),
    after=st.lists(st.sampled_from(["epsilon", "zeta", "it is far,"]), min_size=1, max_size=5),
)
def test_numbers_dates_citations_quotes_and_links_stay_whole(whole, before, after):
    assert [part for part, _, _ in shown(" ".join([*before, whole, *after])) if whole in part]


def test_a_pattern_of_ones_own_keeps_its_match_whole():
    text = "The tower was opened by Valjean, Jean and it is painted in May, it is closed in June."
    assert shown(text)[0] == ("The tower was opened by Valjean,", True, True)
    assert [(b, e) for _, b, e in shown(text, "Valjean, Jean and it")][:2] == [(True, False), (False, True)]
