"""A tool's result is cut within its budget: first line, errors and the shape of JSON stay."""

from __future__ import annotations

import json
import logging
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from semtoken_rag import SemToken
from semtoken_rag.agents import AgentConfig, CompressedResult, Originals, ToolResultCompressor, question_of
from semtoken_rag.agents.shortlist import WINDOW, merged, shortlist
from tests.support.samples import words

ENGINE = SemToken(encoder="static", token_counter=words, on_error="raise")
QUESTION = "Which port did the billing database refuse?"
FACT = "The billing database refused port 5432."
LOG = [f"2026-11-30 12:{i // 60:02}:{i % 60:02} INFO worker {i % 7} did step {i}" for i in range(900)]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=400)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
    max_leaves=30,
)


def compressor(**settings) -> ToolResultCompressor:
    return ToolResultCompressor(
        ENGINE, **{"min_tokens": 60, "max_tokens": 60, "on_error": "raise", **settings}
    )


def test_a_long_text_keeps_its_first_line_the_answer_and_the_way_back():
    made, text = compressor(), "\n".join(["$ cat app.log", *LOG[:400], FACT, *LOG[400:]])
    result = made.compress(text, QUESTION)
    first, *body, note = result.text.splitlines()
    assert first == "$ cat app.log"
    assert FACT in body
    assert set(body) <= {*LOG, FACT}
    assert note.startswith("[semtoken: ")
    assert note.endswith(f' characters are left out; expand(ref="{result.ref}", query="...") returns them]')
    assert made.originals.get(result.ref) == text
    assert result.tokens_after == words(result.text) <= 60
    assert (result.tokens_before, result.saved) == (words(text), words(text) - result.tokens_after)
    assert compressor().compress(text, QUESTION) == result


def test_a_short_text_is_the_very_same_object():
    text = " ".join(LOG[:5])
    result = compressor().compress(text, QUESTION)
    assert result == CompressedResult(text, words(text), words(text))
    assert result.text is text


@given(ANY_TEXT.map(lambda text: text * 30), st.sampled_from([QUESTION, "", "\ud800"]), st.booleans())
@example("\n" * 5000 + "a b " * 100, QUESTION, True)
@example("a " * 500, QUESTION, True)
@settings(max_examples=20, deadline=None)
def test_any_text_stays_within_the_budget(text: str, question: str, error: bool):
    made = compressor()
    result = made.compress(text, question, error=error)
    assert words(result.text) <= max(60, made.min_tokens)
    assert result.text is text or made.originals.get(result.ref) == text


@pytest.mark.parametrize("error", [True, False])
def test_an_error_keeps_its_first_and_last_lines(error: bool):
    start = "Error executing the tool" if error else "Traceback (most recent call last):"
    frames = [f'  File "app.py", line {i}, in step\n    step({i})' for i in range(200)]
    result = compressor().compress("\n".join([start, *frames, "ValueError: port 5432"]), "", error=error)
    lines = result.text.splitlines()
    assert lines[0] == start
    assert lines[-2] == "ValueError: port 5432"
    assert "…" in lines
    assert result.tokens_after <= 60


def test_a_traceback_inside_a_text_stays():
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: bad'
    text = "\n".join(["$ make", *LOG[:300], trace, *LOG[300:]])
    assert trace in compressor(max_tokens=80).compress(text, "What did worker 3 do?").text


def test_json_keeps_its_keys_and_says_what_is_left_out():
    hits = [{"id": i, "score": 1.50, "body": ". ".join(LOG[i : i + 9])} for i in range(80)]
    hits[47]["body"] = f"{'. '.join(LOG[:9])}. {FACT} {'. '.join(LOG[9:18])}."
    text = json.dumps({"query": "db", "hits": hits, "next": None}, indent=2).replace("1.5,", "1.50,")
    result = compressor(max_tokens=100).compress(text, QUESTION)
    found = json.loads(result.text)
    assert list(found) == ["query", "hits", "next", "semtoken"]
    *kept, left = found["hits"]
    assert left == f"… {80 - len(kept)} of 80 left out"
    assert all(list(hit) == ["id", "score", "body"] for hit in kept)
    assert any(FACT in hit["body"] for hit in kept if hit["id"] == 47)
    assert '"score": 1.50' in result.text  # numbers are copied
    assert f'expand(ref="{result.ref}"' in found["semtoken"]
    assert result.tokens_after <= 100


@given(
    st.lists(JSON, min_size=1) | st.dictionaries(st.text(max_size=8), JSON, min_size=1),
    st.sampled_from([2, None]),
)
@example([["a b c " * 9] * 99] * 9, None)
@example({"…": ["a b"] * 99, "semtoken": 1, "x": "a b " * 99}, None)
@example({str(i): i for i in range(999)}, None)
@settings(max_examples=20, deadline=None)
def test_any_json_stays_json_of_its_shape(value, indent):
    result = compressor().compress(json.dumps(value, indent=indent, ensure_ascii=False), QUESTION)
    found = json.loads(result.text)
    assert type(found) is type(value)
    assert result.tokens_after <= 60
    if isinstance(value, dict) and result.ref:
        assert {*found} - {*value} <= {"semtoken", "semtoken_", "…", "…_"}


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a": ' * 999, "{} {} " * 99, "[1 2 " * 99, '{"a" 1, ' * 99]
)
def test_what_only_begins_like_json_is_a_text(text: str):
    assert words(compressor().compress(text + " a" * 99, QUESTION).text) <= 60


def test_fifty_megabytes_are_cut_by_cheap_means_first():
    text = "\n".join([*(LOG * 600), FACT, *(LOG * 600)])
    assert len(text) > 50_000_000
    result = compressor(originals=Originals(2**26)).compress(text, QUESTION)
    assert FACT in result.text
    assert words(result.text) <= 60
    assert abs(result.tokens_before - 8 * 900 * 1200) < 8 * 900 * 24


def test_a_text_larger_than_the_originals_hold_is_cut_all_the_same(caplog):
    with caplog.at_level(logging.WARNING):
        result = compressor(originals=Originals(100)).compress("\n".join(LOG), QUESTION)
    assert "is not kept" in caplog.text
    assert result.ref is None
    assert result.text.endswith(" characters are left out]")


def test_a_failure_passes_the_result_on_and_says_so():
    class Broken(Originals):
        def put(self, text: str) -> str:
            raise OSError("disk full")

    text = "\n".join(LOG)
    result = compressor(originals=Broken(), on_error="fallback").compress(text, QUESTION)
    assert result.text is text
    assert result.failure == "OSError: disk full"
    with pytest.raises(OSError, match="disk full"):
        compressor(originals=Broken()).compress(text, QUESTION)


def test_bad_arguments_are_refused_with_their_value():
    for name in ("min_tokens", "max_tokens"):
        with pytest.raises(ValueError, match=f"{name} must be an int of at least 1, got 0"):
            compressor(**{name: 0})
    with pytest.raises(ValueError, match=r"max_tokens must be at least 2\d, twice the last line, got 5"):
        compressor(max_tokens=5)
    with pytest.raises(ValueError, match="on_error must be 'fallback' or 'raise', got 'ignore'"):
        compressor(on_error="ignore")
    with pytest.raises(ValueError, match="text must be a str, got bytes: b'x'"):
        compressor().compress(b"x")


def test_a_question_is_short_and_has_all_its_parts():
    asked = question_of("When? " * 500, {"path": "a.md", "n": 3, "deep": {"x": 1}}, "the year")
    assert asked.splitlines()[1:] == ["path: a.md", "n: 3", "the year"]
    assert len(asked) < 1000
    assert question_of("", {}) == ""


@given(ANY_TEXT, ANY_TEXT, st.integers(1, 5000))
@example("0" * 26, "", 1)
@settings(max_examples=20, deadline=None)
def test_a_shortlist_is_sorted_and_has_both_ends(text: str, query: str, max_chars: int):
    text *= 40
    ranges = shortlist(text, query, max_chars)
    assert ranges == merged(ranges)
    assert all(0 <= start < end <= len(text) for start, end in ranges) or not text
    assert ranges[0][0] == 0
    assert ranges[-1][1] == len(text)
    assert sum(end - start for start, end in ranges) <= max(max_chars, 4 * WINDOW)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({f"key {i}": f"the port is {i} {'x' * 90}" for i in range(20_000)}),
        json.dumps([[{f"key {i}": f"the port is {i} {'x' * 90}" for i in range(300)}] * 10] * 10),
    ],
    ids=["many keys", "nested"],
)
def test_wide_json_is_not_written_out_to_be_counted(text: str):
    counted = []

    def count(text: str) -> int:
        counted.append(len(text))
        return words(text)

    engine = SemToken(encoder="static", token_counter=count, on_error="raise")
    made = ToolResultCompressor(engine, max_tokens=200, on_error="raise")
    result = made.compress(text, "Which port?")
    assert isinstance(json.loads(result.text), dict | list)
    assert words(result.text) <= 200
    assert sum(counted) < len(text)


@pytest.mark.parametrize("start", ["", "$ make\nTraceback (most recent call last):\n"])
def test_blanks_that_a_counter_takes_for_nothing_are_not_passed_on(start: str):
    text = f"{start}{chr(10) * 2_000_000}The port is 5432."
    assert len(compressor().compress(text, "Which port?").text) < 10_000


def test_letters_of_several_tokens_are_counted():
    engine = SemToken(encoder="static", token_counter=lambda text: 3 * len(text), on_error="raise")
    result = ToolResultCompressor(engine, min_tokens=900, max_tokens=900).compress("abc " * 200, "b")
    assert (result.tokens_before, result.tokens_after <= 900) == (2400, True)


def test_settings_of_an_agent_are_checked():
    for name, bad in {
        "tools": [print],
        "looking_for": "a b",
        "expand": "",
        "switch": None,
        "expand_tokens": 0,
    }.items():
        with pytest.raises(ValueError, match=rf"^{name} must be .*, got {re.escape(repr(bad))}"):
            AgentConfig(**{name: bad})


def test_a_line_among_lines_that_look_like_one_sentence_is_found():
    text = "\n".join(["a 3", *(f"line {i} worker did step {i}" for i in range(500))])
    assert "line 77 worker did step 77" in compressor().compress(text, "path: a\nstep 77").text
