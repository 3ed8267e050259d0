"""Sentences of the form "row, column = value.": each of them is a row."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.structure.triples import find_triples, parse_triples
from tests.support.segments import NEGATIVES, check, shown, steps, texts


def rows(text: str) -> list[str]:
    segments = parse_triples(text, 0, len(text))
    assert segments is not None
    check(text, segments)
    return [text[s.start : s.end] for s in segments]


@pytest.mark.parametrize(
    "triples",
    [
        ["Valve V-1, Width (mm) = 40.", "Valve V-1, Weight (kg) = 3.5.", "Valve V-2, Width (mm) = 55."],
        ["Ulm, Einwohner = 1,2 Mio.", "Ulm, Fläche (km²) = 118,7.", "Jena, Einwohner = 0,1 Mio."],
        ["Lyon, Prix (€) = 1.250,00.", "Lyon, Délai = env. 3 jours.", "Nice, Prix (€) = 980,00."],
        ["No. 5, Power = 3.0.", "No. 5, Head = approx. 4 m.", "No. 6, Power = 2."],
        ["St. Gallen, Height = 675 m.", "Bern, Height = 540 m."],
        ["North, Sales.2031 = 5.", "North, Sales.2032 = 6.", "South, Sales.2031 = 7"],
        ["Smith et al., Model A, Accuracy = 93.2.", "Smith et al., Model B, Accuracy = 91."],
        ["P-1, Note = see a = b.", "P-2, Note = none."],
        ["P-1, Power = .", "P-1, Head = 3."],
        ["P-1, Power = - 3.", "P-1, Head = > 4."],
        ["泵 A, 功率 = 3 千瓦.", "泵 A, 扬程 = 12 米."],
        ["Mr. Ott, Room = 4.", "Mr. Ott, Floor = 2.", "Dr. Lenz, Room = 7."],
        ["A-1, Web = https://a.example/b.html.", "A-1, Mail = x@a.example."],
    ],
)
@pytest.mark.parametrize("blank", [" ", "\n", "\r\n"])
def test_dots_within_labels_and_values_do_not_end_a_triple(triples, blank):
    assert rows(blank.join(triples)) == triples


def test_words_before_and_behind():
    text = "Table 4: valves.\nV-1, Width = 40. V-2, Width = 55. Prices are without tax."
    segments = parse_triples(text, 0, len(text))
    assert shown(text, segments) == [
        ("caption", "Table 4: valves.", -1),
        ("row", "V-1, Width = 40.", 0),
        ("row", "V-2, Width = 55.", 0),
        ("sentence", "Prices are without tax.", -1),
    ]
    assert [text[a:b] for a, b in find_triples(text, 0, len(text))] == ["V-1, Width = 40. V-2, Width = 55."]


def test_a_long_text_in_front_is_no_caption():
    text = "We looked at all valves. " * 20 + "V-1, Width = 40. V-2, Width = 55."
    segments = parse_triples(text, 0, len(text))
    assert segments is not None
    assert [(s.kind, s.parent) for s in segments] == [("sentence", -1), ("row", -1), ("row", -1)]


@pytest.mark.parametrize(
    "text",
    [
        *NEGATIVES.values(),
        "If x, y = 3.",
        "x, y = 1, 2\na, b = 3, 4",
        "Width = 40. Height = 3.",
        "a == b. c, d == e. f, g == h.",
    ],
)
def test_other_texts_hold_no_triples(text):
    assert parse_triples(text, 0, len(text)) is None
    assert list(find_triples(text, 0, len(text))) == []


@settings(max_examples=300, deadline=None)
@given(text=texts(["A, b = 1. ", ", ", " = ", ". ", "P-1, Kraft (kW) = 3.0", "No. 5", "="]))
def test_any_text_keeps_the_contract(text):
    segments = parse_triples(text, 0, len(text))
    if segments is not None:
        check(text, segments)
        assert "".join("".join(text[s.start : s.end] for s in segments).split()) == "".join(text.split())


NAME = st.sampled_from(["Pump P-1", "Pump P-2", "Tank 3", "Öl, leicht"])
COLUMN = st.sampled_from(["Power (kW)", "Head (m)", "Preis"])
VALUE = st.one_of(
    st.integers(0, 9999).map(str), st.floats(0, 99).map(lambda v: f"{v:.2f}"), st.sampled_from(["n/a", "rot"])
)


@settings(max_examples=100, deadline=None)
@given(cells=st.lists(st.tuples(NAME, COLUMN, VALUE), min_size=2, max_size=12))
def test_every_triple_of_a_table_is_one_row(cells):
    triples = [f"{name}, {column} = {value}." for name, column, value in cells]
    assert rows(" ".join(triples)) == triples


@pytest.mark.parametrize("unit", ["P-1, a = 3. ", "a. b. c, ", " = ", "x. y, z = "])
def test_time_grows_as_the_text_does(unit):
    few, many = (steps(lambda n=n: parse_triples(unit * n, 0, len(unit) * n)) for n in (100, 400))
    assert many < 4.4 * few
