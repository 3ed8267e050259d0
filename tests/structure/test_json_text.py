"""JSON and JSON Lines: every value hangs on the keys that lead to it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.structure.json_text import parse_json
from tests.support.segments import NEGATIVES, chain, check, shown, steps, texts

PLANS = json.dumps(
    {
        "plans": {
            "team": {
                "fee": 5,
                "users": 10,
                "limits": {"storage": "10 GB", "seats": 3, "backup": "every night at two"},
            },
            "business": {
                "fee": 9,
                "note": "für große Firmen, auch ohne eigene Technik; jährlich im Voraus zu zahlen",
            },
        },
        "year": 2031,
    },
    indent=2,
    ensure_ascii=False,
)


def parsed(text: str):
    segments = parse_json(text)
    assert segments is not None
    check(text, segments)
    return segments


def test_an_entry_hangs_on_its_keys():
    assert chain(PLANS, parsed(PLANS), '"seats"') == ['"seats": 3,', '"limits": {', '"team": {', '"plans": {']
    assert chain(PLANS, parsed(PLANS), '"year"') == ['"year": 2031']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "b": "x,}"}', [("entry", '"a": 1,', -1), ("entry", '"b": "x,}"', -1)]),
        ('{"a": {"b": 1}}', [("entry", '"a": {"b": 1}', -1)]),
        (
            '{"tags": ["a", "b"], "n": null}',
            [("entry", '"tags": ["a", "b"],', -1), ("entry", '"n": null', -1)],
        ),
        ('[{"id": 1}, {"id": 2}]', [("entry", '{"id": 1},', -1), ("entry", '{"id": 2}', -1)]),
        (
            '{"rows": [{"id": 1, "x": [1, {"y": 2}]}, {"id": 2}]}',
            [
                ("key", '"rows": [', -1),
                ("entry", '{"id": 1, "x": [1, {"y": 2}]},', 0),
                ("entry", '{"id": 2}', 0),
            ],
        ),
        ("[1, 2.5, true]", [("entry", "1, 2.5, true", -1)]),
        ("[[1, 2], [3]]", [("entry", "[1, 2],", -1), ("entry", "[3]", -1)]),
        ("{}", [("entry", "{}", -1)]),
        ('{"a": {}, "b": []}', [("entry", '"a": {},', -1), ("entry", '"b": []', -1)]),
        ('\ufeff{"a": "\\"}{"}', [("entry", '"a": "\\"}{"', -1)]),
        ('{"prix":1,\r\n"délai":"3 j"}', [("entry", '"prix":1,', -1), ("entry", '"délai":"3 j"', -1)]),
        ('{"a": 1}\n{"a": 2}\n\n', [("entry", '{"a": 1}', -1), ("entry", '{"a": 2}', -1)]),
    ],
)
def test_entries_and_keys(text, expected):
    assert shown(text, parsed(text)) == expected


def test_a_large_element_is_opened_with_the_members_that_name_it():
    text = json.dumps(
        [
            {"id": 7, "name": "Pumpe", "text": "x" * 300, "size": {"w": 1, "h": {"min": 2, "max": 3}}},
            {"id": 8},
        ]
    )
    segments = parsed(text)
    assert chain(text, segments, '"text"')[1:] == ['{"id": 7, "name": "Pumpe",']
    assert chain(text, segments, '"h"')[1:] == ['"size": {', '{"id": 7, "name": "Pumpe",']
    assert chain(text, segments, '{"id": 8') == ['{"id": 8}']


def test_a_long_list_of_numbers_is_cut_into_parts():
    text = json.dumps({"v": list(range(1000))})
    segments = parsed(text)
    assert segments[0].kind == "key"
    assert all(s.end - s.start <= 200 and s.parent == 0 for s in segments[1:])


def test_depth_is_no_matter():
    text = '{"a": ' * 400 + '"' + "x" * 90 + '"' + "}" * 400
    assert len(chain(text, parsed(text), '"a": "')) == 400
    assert parse_json("[" * 100_000 + "]" * 100_000) is None


def test_numbers_of_any_length():
    assert len(parsed('{"a": ' + "1" * 10_000 + "}")) == 1


@pytest.mark.parametrize(
    "text",
    [
        *NEGATIVES.values(),
        '{"a": 1',
        '"a"',
        "5",
        "null",
        '{"a": 1} and more',
        "{a: 1}",
        '{"a": 1}\nnot json',
        "[x](y)",
        '{"a": 1}\n5',
    ],
)
def test_other_texts_are_no_json(text):
    assert parse_json(text) is None


@settings(max_examples=300, deadline=None)
@given(text=texts(["{", "}", "[", "]", '"a": ', "1", ",", '"x"', "\n", '{"a": [1, {"b": 2}]}', "\\"]))
def test_any_text_keeps_the_contract(text):
    if parse_json(text) is not None:
        parsed(text)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=90)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6), st.dictionaries(st.text(max_size=9), inner, max_size=6)
    ),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None)
@given(
    value=st.one_of(st.lists(VALUES, max_size=6), st.dictionaries(st.text(max_size=9), VALUES, max_size=6)),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
)
def test_nothing_but_brackets_and_blanks_is_left_out(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    segments = parsed(text)
    left, at = [], 0
    for s in segments:
        left.append(text[at : s.start])
        at = s.end
    assert set("".join([*left, text[at:]])) <= set("{}[], \n")


@pytest.mark.parametrize("unit", ['{"a": [1, {"b": 2}]}, ', '"x", ', "[[1]], ", '{"a": {"b": {"c": {}}}}, '])
def test_time_grows_as_the_text_does(unit):
    few, many = (steps(lambda n=n: parse_json("[" + unit * n + "0]")) for n in (100, 400))
    assert many < 4.4 * few
