"""Lines that go on in the next, and lines that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtoken_rag.structure.paragraphs import join_lines


def groups(text: str) -> list[str]:
    return [text[a:b] for a, b in join_lines(text, 0, len(text))]


@pytest.mark.parametrize(
    "text",
    [
        "The old quay was re-\nbuilt after the storm\nof 1908, when most\nof the stones had been\nlost.",
        "Each member pays a fee\nof twenty euros a year,\nwhich is due in March.\nNew members pay half "
        "of\nit in the first year.",
        "Der Verein wurde 1921 ge-\ngründet und hat heute\nrund achtzig Mitglieder,\ndie sich jeden Monat "
        "im\nGasthaus treffen.",
        "Le musée occupe une an-\ncienne gare, fermée en\n1969 et restaurée dix\nans plus tard par "
        "la\nville.",
        "La torre fu costrui-\nta nel 1300.",
        "人们在河边建造了一座\n新的磨坊，它在第一年\n就雇用了四十人，后来\n被烧毁了。",
        "This line has more than fifty characters and so goes on\nin the next one",
        "short- \nened lines",
        "La barca sale del mue-\nlle norte.",
        "She wrote to the\ncouncil that the\nbridge, which was\nclosed, should be\nopened again.",
        "soft\u00ad\nware",
        "The price of the ticket\nand of the guide is the\nsame for all who are in\nthe group that booked it",
        "in the year of the\nflood the mill was\ncarried away, and\nno one rebuilt it",
        "It was cold, and the\nmen were tired. They\nhad walked since the\nmorning without food.",
        "O barco parte do cais\nde manhã, e volta só\nquando a maré sobe\noutra vez.",
    ],
)
def test_lines_of_a_column_are_one_paragraph(text: str) -> None:
    assert groups(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "- first thing\n- second thing\n- third thing",
        "1. open it\n2. turn it\n3. close it",
        "Anna Moor\n4 Mill Lane\nLeeds\nEngland",
        "pears\nquinces\nmedlars\nsloes",
        "The sun went down behind the hill,\nThe stars came out, and all was still,\nThe owl awoke,\nAnd "
        "no one spoke.",
        "name: pump\nweight: 80 kg\nmade: 1990",
        "a | b\nc | d\ne | f",
        "# Head\ntext below",
        "Contents\nPreface\nIndex",
        "x = 1\ny = 2\nz = 3",
        "2024-05-01 10:00 up\n2024-05-01 10:01 down\n2024-05-01 10:02 up",
        "Mon 9 to 5\nTue 9 to 5\nSat closed",
        "> quoted\n> lines",
        "one\ttwo\nthree\tfour",
        "It rained.\nWe left.\nThe end.",
    ],
)
def test_other_lines_stay_as_they_are(text: str) -> None:
    assert groups(text) == text.split("\n")


def test_blank_lines_part_paragraphs() -> None:
    text = "The lower lock was\nclosed, and the upper\none was opened by the\nkeeper.\n\nNo boats came."
    assert groups(text) == text.split("\n\n")


def test_a_heading_above_a_column_stays_alone() -> None:
    text = (
        "Fees\nEach member pays a fee\nof twenty euros a year,\nwhich is due in March,\nand half of it later."
    )
    assert groups(text) == ["Fees", text[5:]]


def test_a_range_is_looked_at_alone() -> None:
    text = "aaa bro-\nken bbb\nccc"
    assert join_lines(text, 4, 12) == [(4, 12)]


@given(
    st.lists(
        st.sampled_from(
            ["ab-", "cd", "\n", " ", "the", ", ", ". ", "字", "\r\n", "\ud800", "\x00", "w" * 60, "|"]
        )
    )
)
def test_paragraphs_are_in_order_and_hold_every_character_but_blanks(bits: list[str]) -> None:
    text, at = "".join(bits), 0
    for start, end in join_lines(text, 0, len(text)):
        assert at <= start < end
        assert text[start:end] == text[start:end].strip()
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize("bit", ["\n", "a\n", "a-\n", "the words of it\n", "x", " "])
def test_a_megabyte_of_anything_is_grouped(bit: str) -> None:
    text = bit * (1_000_000 // len(bit))
    found = join_lines(text, 0, len(text))
    assert sum(b - a for a, b in found) <= len(text)
