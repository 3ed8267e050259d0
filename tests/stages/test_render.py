"""Rendering: kept slices, joined and cited, always the source's own characters."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.context import CompressedContext
from semtoken_rag.result import CompressedChunk, Piece, Stats
from semtoken_rag.stages.render import arrange, join, pieces_of
from semtoken_rag.types import Chunk, Granularity, Selection, Units

FINE, COARSE, DROPPED = Granularity.FINE, Granularity.COARSE, Granularity.DROPPED


def piece(start: int, end: int, score: float = 0.0) -> Piece:
    return Piece(start, end, FINE, score)


def kept(
    text: str, *ranges: tuple[int, int], index: int = 0, score: float = 0.0, **fields
) -> CompressedChunk:
    pieces = tuple(piece(a, b, score) for a, b in ranges or [(0, len(text))])
    return CompressedChunk(index, Chunk(text, **fields), pieces, join(text, pieces, " "), 0, 0)


def context(*chunks: CompressedChunk) -> CompressedContext:
    text = "\n".join(chunk.text for chunk in chunks)
    return CompressedContext(text, chunks, (), Stats(10, 5, 5, "hash", "words"))


def pieces(granularity: list[int], chunk: list[int], scores: list[float], of: int = 0) -> list[tuple]:
    m = len(chunk)
    chars = np.array([(i * 10, i * 10 + 9) for i in range(m)])
    units = Units(chars, chars, np.array(chunk), np.full(m, -1), ("sentence",) * m)
    selected = Selection(np.array(granularity), np.arange(m), chars, {"score": np.array(scores, np.float32)})
    return [(p.start, p.end, p.granularity, p.score) for p in pieces_of(of, units, selected)]


def test_neighbours_that_are_kept_whole_become_one_piece_with_the_best_score():
    assert pieces([2, 2, 0, 2], [0] * 4, [1, 3, 9, 2]) == [(0, 19, FINE, 3), (30, 39, FINE, 2)]


def test_a_piece_has_the_best_chance_of_its_units_and_none_where_there_is_none():
    chars = np.array([(i * 10, i * 10 + 9) for i in range(4)])
    units = Units(chars, chars, np.zeros(4, int), np.full(4, -1), ("sentence",) * 4)
    scores = {"score": np.zeros(4, np.float32), "probability": np.array([0.25, 0.5, 0.75, 0.0], np.float32)}
    selected = Selection(np.array([2, 2, 0, 2]), np.array([0, 1, 3]), chars, scores)
    assert [p.probability for p in pieces_of(0, units, selected)] == [0.5, None]
    del scores["probability"]
    assert [p.probability for p in pieces_of(0, units, selected)] == [None, None]


def test_a_coarse_unit_stays_a_piece_of_its_own():
    assert pieces([2, 1, 2], [0] * 3, [1, 2, 3]) == [(0, 9, FINE, 1), (10, 19, COARSE, 2), (20, 29, FINE, 3)]
    assert pieces([1, 1], [0, 0], [1, 2]) == [(0, 9, COARSE, 1), (10, 19, COARSE, 2)]


def test_only_units_of_the_chunk_count():
    assert pieces([2, 2, 2], [0, 1, 1], [1, 2, 3], of=1) == [(10, 29, FINE, 3)]
    assert pieces([2, 0, 0], [0, 1, 1], [1, 2, 3], of=1) == []


@pytest.mark.parametrize(
    ("text", "gap", "expected"),
    [
        ("One. Two. Three.", " ", "One. Three."),
        ("One. Two. Three.", " […] ", "One. […] Three."),
        ("One.\nTwo. Three.", " ", "One.\nThree."),
        ("One.\r\nTwo. Three.", " … ", "One.\nThree."),
        ("One.\r\nTwo. Three.", " ", "One.\nThree."),
        ("One.\r\n\tThree.", " … ", "One.\r\n\tThree."),
        ("One. Three.", " … ", "One. Three."),
    ],
)
def test_the_mark_stands_where_something_is_left_out_within_a_line(text, gap, expected):
    third = text.index("Three")
    assert join(text, [piece(0, 4), piece(third, len(text))], gap) == expected


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (" … ", "… and bread … and salt … Rain."),
        (" ", "and bread and salt Rain."),
        ("", "and breadand saltRain."),
    ],
)
def test_a_broken_sentence_is_marked_where_it_is_broken(gap, expected):
    text = "Milk, and bread,\nand salt, and oil.\nSun. Rain."
    broken = [Piece(6, 15, COARSE, 0.0, True, True), Piece(17, 25, COARSE, 0.0, False, True)]
    assert join(text, [*broken, piece(41, 46)], gap) == expected
    assert join(text, broken[:1], " … ") == "… and bread …"
    assert join(text, [Piece(0, 4, COARSE, 0.0, False, True)], " […] ") == "Milk […]"


def test_no_pieces_join_to_nothing():
    assert join("text", [], " ") == ""


@settings(deadline=None)
@given(
    text=st.text(st.characters(codec=None), max_size=40),
    cuts=st.sets(st.integers(0, 40), max_size=8),
    gap=st.sampled_from([" ", " […] ", ""]),
)
def test_the_joined_text_is_slices_of_the_source_and_gaps(text, cuts, gap):
    marks = sorted(c for c in cuts if c <= len(text))
    ranges = list(zip(marks[::2], marks[1::2], strict=False))
    rest = join(text, [piece(a, b) for a, b in ranges], gap)
    for i, (a, b) in enumerate(ranges):
        assert rest.startswith(text[a:b])
        rest = rest[b - a :]
        if i + 1 < len(ranges):
            between = text[b : ranges[i + 1][0]]
            mark = "\n" if "\n" in between else gap
            mark = mark if between.strip() else between
            assert rest.startswith(mark)
            rest = rest[len(mark) :]
    assert rest == ""


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("source", [0, 1, 2, 3]),
        ("relevance", [2, 0, 3, 1]),
        ("best-last", [1, 3, 0, 2]),
        ("edges", [2, 3, 1, 0]),
    ],
)
def test_chunks_are_put_in_order(order, expected):
    chunks = [kept("x", index=i, score=s) for i, s in [(3, 2.0), (0, 3.0), (1, 1.0), (2, 4.0)]]
    assert [chunk.index for chunk in arrange(chunks, order)] == expected


def test_a_chunk_is_ranked_by_its_best_piece():
    weak = kept("a b", score=1.0)
    mixed = CompressedChunk(1, Chunk("a b"), (piece(0, 1, -5.0), piece(2, 3, 2.0)), "a b", 0, 0)
    assert arrange([weak, mixed], "relevance") == (mixed, weak)


def test_a_chunk_is_named_by_its_id_or_its_place():
    assert [kept("x", index=7).id, kept("x", index=7, id="doc").id, kept("x", id="").id] == ["7", "doc", ""]


def test_a_quote_is_found_in_every_chunk_that_holds_it():
    found = context(kept("The tower opened.", id="a"), kept("So the Tower\nopened", index=1)).cite(
        "tower opened"
    )
    assert found == [("a", 4, 16), ("1", 7, 19)]


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("«TOWER – opened!»", ["tower, opened"]),
        ("ower", []),
        ("towe", []),
        ("", []),
        ("...", []),
        ("tower closed", []),
        ("they say the tower, opened wide", ["The tower, opened"]),
        ("3.5 kg", ["3.5 kg"]),
        ("a+b (c", ["A+b (c"]),
    ],
)
def test_case_and_punctuation_do_not_matter_but_words_are_whole(quote, expected):
    text = "The tower, opened in 1889, weighs 3.5 kg. A+b (c)"
    assert [text[a:b] for _, a, b in context(kept(text)).cite(quote)] == expected


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("今天下雨。明天晴天！", "明天晴天"),
        ("هذا كتاب. نعم، أقرأ.", "نعم أقرأ"),
        ("a\x00b \ud800 c d", "b c d"),
    ],
)
def test_a_quote_in_any_script_is_found(text, quote):
    [(_, start, end)] = context(kept(text)).cite(quote)
    assert re.findall(r"\w+", text[start:end]) == re.findall(r"\w+", quote)


def test_what_was_dropped_cannot_be_cited():
    text = "Red fox runs. Blue fox sits. Red fox eats."
    assert context(kept(text, (0, 13), (29, 42))).cite("fox") == [("0", 4, 7), ("0", 33, 36)]
    assert context(kept(text, (0, 13), (29, 42))).cite("runs blue") == []


@settings(deadline=None)
@given(
    words=st.lists(
        st.sampled_from(["the", "red", "fox", "runs", "1889", "Éa", "你好"]), min_size=1, max_size=12
    ),
    blank=st.sampled_from([" ", ", ", "\r\n", " - ", "… "]),
    data=st.data(),
)
def test_every_run_of_words_is_found_where_it_stands(words, blank, data):
    text = blank.join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    quote = words[first : last + 1]
    found = context(kept(text, id="x")).cite(" ".join(quote).upper())
    assert found
    for name, start, end in found:
        assert (name, re.findall(r"\w+", text[start:end])) == ("x", quote)
    if sum(words[i : i + len(quote)] == quote for i in range(len(words))) == 1:
        start = len(blank.join([*words[:first], ""]))
        assert found == [("x", start, start + len(blank.join(quote)))]


@pytest.mark.parametrize(
    ("before", "after", "ratio", "saved", "factor"),
    [(10, 5, 0.5, 5, 2.0), (10, 0, 0.0, 10, None), (0, 0, 1.0, 0, 1.0)],
)
def test_what_is_left_as_a_share_a_number_and_a_factor(before, after, ratio, saved, factor):
    stats = Stats(before, after, 5, "hash", "words", device="cpu", total_seconds=0.5)
    assert (stats.ratio, stats.saved, stats.factor) == (ratio, saved, factor)
    assert stats == Stats(before, after, 5, "hash", "words", device="cpu")
    told = json.loads(json.dumps(stats.as_dict()))
    names = ("ratio", "saved", "factor", "device", "total_seconds")
    assert [told[name] for name in names] == [ratio, saved, factor, "cpu", 0.5]
