"""Units: what a text is cut into, and that nothing is lost on the way."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from semtoken_rag.stages.segment import MAX_UNIT, Segment, build_units, segment
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Chunk, Tokens

BITS = st.sampled_from(
    ["Paris", "is 3.5 kg", "tower.", "Why?", "\n", "\n\n", "\r\n", "\r", "- item", "2) item", "a | b | c",
     "x\ty", "|---|", "def f():", "return x;", "```", "~~~", "{", "}", "[1, ", "你好。", "مرحبا؟", "हाँ।",
     "\U0001f600", "e\u0301", "\x00", "\ud800", "\u200b", "\u00a0", "\u2028", "\x85", "key: value", "v" * 60,
     "w" * (MAX_UNIT + 1), " x" * MAX_UNIT, '{"a": [1, {"b": 2}]}', "\ufeff", "http://a.b/c?d=e", '"', "…"]
)  # fmt: skip
BARE = string.whitespace + "{}[]\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029"  # brackets of JSON belong to no unit
RULE = re.compile(
    r"^[ \t|]*[-:=+][-:=+ \t|]*$", re.MULTILINE
)  # nor does a ruled line of a table without a header
TEXTS = st.one_of(
    st.lists(BITS, max_size=20).map(" ".join),
    st.lists(BITS, max_size=20).map("".join),
    st.text(st.characters(codec=None), max_size=60),
)


def cut(text: str, language: str = "en") -> list[tuple[str, str]]:
    return [(s.kind, text[s.start : s.end]) for s in segment(text, language)]


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
@example(text="|---| \n a | b | c")
def test_units_are_in_order_bounded_and_hold_every_character_but_blanks(text):
    at = 0
    for i, unit in enumerate(segment(text)):
        assert at <= unit.start < unit.end <= len(text)
        assert not RULE.sub("", text[at : unit.start]).strip(BARE)
        assert text[unit.start : unit.end] == text[unit.start : unit.end].strip()
        assert -1 <= unit.parent < i
        at = unit.end
    assert not RULE.sub("", text[at:]).strip(BARE)


@settings(max_examples=100, deadline=None)
@given(text=TEXTS.filter(lambda text: not text.lstrip().startswith(("{", "["))))
def test_units_have_a_longest_size_and_only_code_holds_blank_lines(text):
    units = segment(text)
    assert all(u.end - u.start <= MAX_UNIT for u in units)
    assert all(u.kind == "code" for u in units if "\n\n" in text[u.start : u.end])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained. The tower opened! Why?", ["It rained.", "The tower opened!", "Why?"]),
        ("今天下雨。明天晴天！后天呢？", ["今天下雨。", "明天晴天！", "后天呢？"]),
        ("هذا كتاب. هل تقرأ؟ نعم، أقرأ.", ["هذا كتاب.", "هل تقرأ؟", "نعم، أقرأ."]),
        ("यह एक किताब है। तुम पढ़ते हो? हाँ।", ["यह एक किताब है।", "तुम पढ़ते हो?", "हाँ।"]),
        ("Dr. Smith slept. He woke.", ["Dr. Smith slept.", "He woke."]),
        ("One.\r\nTwo. Three.\r\n\r\nFour", ["One.", "Two.", "Three.", "Four"]),
        ("all\ud800day. Rain\x00fell. So", ["all\ud800day.", "Rain\x00fell.", "So"]),
        ("Title\nName: Ann\nBorn: 1889", ["Title", "Name: Ann", "Born: 1889"]),
    ],
)
def test_sentences_of_any_script(text, expected):
    assert cut(text) == [("sentence", part) for part in expected]


def test_an_unknown_language_falls_back_to_general_rules():
    assert [part for _, part in cut("One went. Two came.", "zz")] == ["One went.", "Two came."]


def test_a_wrapped_line_goes_on_in_the_next():
    long = "The committee met on Tuesday in the old town hall of"
    assert cut(f"{long}\nVienna. It voted.") == [("sentence", f"{long}\nVienna."), ("sentence", "It voted.")]
    assert [part for _, part in cut("Short line\nVienna. It voted.")] == [
        "Short line",
        "Vienna.",
        "It voted.",
    ]


def test_list_items_keep_their_continuation_lines():
    text = "Buy:\n- milk\n  or cream\n* eggs\n1. flour\n(b) salt"
    assert cut(text) == [
        ("lead", "Buy:"),
        ("item", "- milk\n  or cream"),
        ("item", "* eggs"),
        ("item", "1. flour"),
        ("item", "(b) salt"),
    ]
    assert [u.parent for u in segment(text)] == [-1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("table", "header"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |", "| a | b |\n|---|---|"),
        ("a\tb\n1\t2\n3\t4", "a\tb"),
        ("| a | b |\r\n|---|---|\r\n| 1 | 2 |\r\n| 3 | 4 |", "| a | b |\r\n|---|---|"),
        ("a | b\n---|---\n1 | 2 | 3\n4 |", "a | b\n---|---"),
    ],
    ids=["markdown", "tabs", "crlf", "ragged"],
)
def test_the_header_of_a_table_travels_with_every_row(table, header):
    text = f"Before.\n{table}\nAfter."
    units = segment(text)
    assert [u.kind for u in units] == ["sentence", "header", "row", "row", "sentence"]
    assert [u.parent for u in units] == [-1, -1, 1, 1, -1]
    assert text[units[1].start : units[1].end] == header


def test_a_second_line_of_a_header_hangs_on_the_first():
    text = "|  | 2019 |\n|  | EUR |\n| Sales | 3 |\n| Costs | 4 |"
    assert [(u.kind, u.parent) for u in segment(text)] == [
        ("header", -1),
        ("header", 0),
        ("row", 1),
        ("row", 1),
    ]


def test_each_table_has_its_own_header():
    assert [u.parent for u in segment("a | b\n1 | 2\n\nc | d\n3 | 4")] == [-1, 0, -1, 2]


def test_a_fence_holds_its_blank_lines_and_sentences():
    text = "```\nx = 1\n\nIt is. Not cut.\n```"
    assert {kind for kind, _ in cut(text)} == {"code"}
    assert ("code", "It is. Not cut.") not in cut(text)


def test_code_without_a_fence_is_grouped_by_block():
    assert cut("def f(x):\n    return x\n\nimport os\nfrom re import sub") == [
        ("code", "def f(x):\n    return x"),
        ("code", "import os\nfrom re import sub"),
    ]


def test_json_is_cut_at_commas_and_keys_and_never_inside_a_string():
    assert [part for _, part in cut('{"a": "x, [y", "b": {"c": 2, "d": {"e": [3, 4]}}}')] == [
        '"a": "x, [y",',
        '"b": {',
        '"c": 2,',
        '"d": {',
        '"e": [3, 4]',
    ]
    assert cut('[{"a": "\\"q, r"}, 2]') == [("entry", '{"a": "\\"q, r"},'), ("entry", "2")]


def test_an_entry_of_json_hangs_on_its_keys():
    text = '{"a": "x, [y", "b": {"c": 2, "d": {"e": [3, 4]}}}'
    assert [(u.kind, u.parent) for u in segment(text)] == [
        ("entry", -1),
        ("key", -1),
        ("entry", 1),
        ("key", 1),
        ("entry", 3),
    ]


@pytest.mark.parametrize("text", ["{not json, at all}", '{"a": 1}{"b": 2}', "[1] Smith, J. said so."])
def test_what_only_looks_like_json_is_text(text):
    assert {kind for kind, _ in cut(text)} == {"sentence"}


@pytest.mark.parametrize("text", ["", " \t\r\n", "\u2028\u00a0\n"])
def test_blanks_make_no_unit(text):
    assert segment(text) == []


def test_a_long_line_is_cut_at_a_blank_and_hard_where_there_is_none():
    words = "word " * 1000
    assert {word for u in segment(words) for word in words[u.start : u.end].split()} == {"word"}
    line = "a" * 5_000_000
    units = segment(line)
    assert (units[0].start, units[-1].end) == (0, len(line))
    assert max(u.end - u.start for u in units) == MAX_UNIT


def build(*texts: str, **options):
    chunks = [Chunk(text) for text in texts]
    tokens = Tokens.concatenate(HashEncoder().encode(texts, [""] * len(texts)))
    return build_units(chunks, tokens, **options)


def test_units_of_a_call_know_their_chunk_their_tokens_and_their_header():
    units = build("One two. Three.", " ", "a | b\n1 | 2", "")
    assert units.chunk.tolist() == [0, 0, 2, 2]
    assert units.tokens.tolist() == [[0, 3], [3, 5], [5, 8], [8, 11]]
    assert units.parent.tolist() == [-1, -1, -1, 2]
    assert units.kinds == ("sentence", "sentence", "header", "row")


def test_chunks_without_text_make_no_units():
    units = build("", "\n")
    assert (len(units), units.chars.shape, units.tokens.shape) == (0, (0, 2), (0, 2))


def test_a_segmenter_of_ones_own_decides():
    units = build("one two three", segments=[[Segment(0, 7, "half"), Segment(8, 13, "half", 0)]])
    assert units.kinds == ("half", "half")
    assert units.tokens.tolist() == [[0, 2], [2, 3]]
    assert units.parent.tolist() == [-1, 0]


def test_a_fenced_block_is_one_unit_between_its_neighbours():
    text = "Text.\n```python\nx = 1\n\ny = 2\n```\nAfter."
    assert cut(text) == [
        ("sentence", "Text."),
        ("code", "```python\nx = 1\n\ny = 2\n```"),
        ("sentence", "After."),
    ]


def test_a_fence_is_closed_by_its_own_kind_only():
    assert cut("```\na\n~~~\nb\n```\nAfter. Then.") == [
        ("code", "```\na\n~~~\nb\n```"),
        ("sentence", "After."),
        ("sentence", "Then."),
    ]


def test_backticks_in_a_line_open_no_fence():
    assert cut("```x = 1```\nAfter. Then.")[-1] == ("sentence", "Then.")
