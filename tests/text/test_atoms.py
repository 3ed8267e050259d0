"""What is never cut inside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtoken_rag.text.atoms import atoms, merged

WHOLE = [
    "3 400 000", "3.400.000,75", "3'400'000", "1,250.5", "€ 18.90", "18,90 €", "$45", "US$ 3 million",
    "CHF 20",
    "7.5 m³/h", "22 %", "230 V", "-4 °C", "80 km/h", "5 hours", "12 Uhr", "3 Millionen", "20 minutes",
    "5–8 kg", "5 to 8 kg", "5 bis 8 kg", "5 kg to 8 kg", "10 à 20 euros",
    "14. August 2025", "August 14, 2025", "14 August 2025", "1er juin", "3 de julio de 2024", "3 luglio 2024",
    "2025-08-14", "14.08.2025", "8/14/2025", "2024年7月3日", "7月3日", "二〇二四年七月", "May 2024",
    "10:45", "10:45 a.m.", "10h45", "+44 20 7946 0018", "(030) 123 45 67", "+49 (0)89 1234-56", "555-0100",
    "GB29 NWBK 6016 1331 9268 19", "M-AB 1234", "AB12 CDE", "AB-123-CD", "v2.14.1", "3.11.0rc1", "RX-4410",
    "ISO-9001:2015",
    "https://docs.example.org/v3/start?id=9#top", "www.example.org/a,b", "jane.doe@example.org",
    "/etc/app/main.conf",
    "~/notes/a.md", "C:\\temp\\a.txt", "src/main/app.py", "(Miller & Roth, 2018)",
    "(see Kern et al., 2020, p. 4)", "[7]",
    "[7, 9–11]", "[^note]", "[the guide, part two](https://example.org/g(2))",
    "![a plan, a map](p/plan-3.png)",
    "[text, more][ref]", "`a, b; c`", "“yes, of course”", '"no, thanks"', "«oui, merci»", "„ja, gut“",
    "「はい、どうぞ」",
    "$a, b = c$", "$$x, y$$", "x = y + z", "a >= b", "E = m * c", "<a href='x, y'>", "z. B. Lauch", "Dr. Abt",
    "ca. 5 kg",
    "👨‍👩‍👧", "🇪🇸", "👍🏾", "1️⃣", "e\u0301", "don't", "three-phase", "5公斤", "1,200元", "30分钟", "3時間",
    "sixty (60) days", "zwölf (12) Monate", "deux (2) chevaux", "five (5%) percent",
]  # fmt: skip


@pytest.mark.parametrize("atom", WHOLE)
@pytest.mark.parametrize("around", ["{}", "Look, {}, there.", "({})", "Ah {} oh"])
def test_an_atom_is_whole_wherever_it_stands(atom: str, around: str) -> None:
    text = around.format(atom)
    start = text.index(atom)
    end = start + len(atom)
    inside = [range(a + 1, b) for a, b in atoms(text, 0, len(text))]
    places = range(start + 1, end)
    gaps = [at for at in places if not any(at in each for each in inside) and _cuttable(text, at)]
    assert not gaps, [text[a:b] for a, b in atoms(text, 0, len(text))]


def _cuttable(text: str, at: int) -> bool:
    """Tell whether a cut could be made here at all: beside a blank, a mark, or a part of an emoji."""
    return not (text[at - 1].isalnum() and text[at].isalnum() and text[at].isascii())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words alone",
        "Der Hund bellt laut",
        "Ceci est un texte",
        "今天下雨",
        "a, b and c",
        "\ud800\x00",
        "* * *",
    ],
)
def test_plain_words_are_no_atoms(text: str) -> None:
    assert atoms(text, 0, len(text)) == []


@pytest.mark.parametrize(
    ("text", "atom"),
    [
        ("a 400 V three-phase supply", "400 V"),
        ("it was 12 of them", "12"),
        ("from 3 to the end", "3"),
        ("see https://a.org/b, then go", "https://a.org/b"),
        ("see https://a.org/b。然后", "https://a.org/b"),
        ("in /srv/x. Then", "/srv/x"),
        ("x = 5 and so on", "x = 5"),
        ("重5公斤的箱子", "5公斤"),
        ("Am 3. Mai kam er", "3. Mai"),
    ],
)
def test_an_atom_ends_where_it_ends(text: str, atom: str) -> None:
    assert next(text[a:b] for a, b in atoms(text, 0, len(text))) == atom


@pytest.mark.parametrize(
    ("text", "atom"),
    [("It is  1  250  000 wide.", "1  250  000 wide"), ("On May   5  it rained.", "May   5  it")],
)
def test_doubled_blanks_are_one(text: str, atom: str) -> None:
    assert [text[a:b] for a, b in atoms(text, 0, len(text))] == [atom]


def test_only_the_range_is_looked_at() -> None:
    text = "12.5 kg and 13.5 kg"
    assert atoms(text, 8, len(text)) == [(12, 19)]
    assert atoms(text, 12, 14) == [(12, 14)]


def test_ranges_that_overlap_are_joined() -> None:
    assert merged([]) == []
    assert merged([(3, 3), (1, 4), (2, 3), (4, 6)]) == [(1, 4), (4, 6)]


@given(
    st.lists(st.sampled_from([*WHOLE, ", ", " ", "word", "\n", "(", ")", '"', "\ud800", "\x00", "字"])).map(
        "".join
    )
)
def test_ranges_are_in_order_and_inside(text: str) -> None:
    at = 0
    for start, end in atoms(text, 0, len(text)):
        assert at <= start < end <= len(text)
        at = end


@pytest.mark.parametrize(
    "bit",
    [
        "1 ",
        "1.",
        "a-",
        "/a",
        "(",
        "[",
        "![a](",
        '"',
        "`",
        "<a",
        "@a",
        "a://",
        "x = ",
        "1年",
        "🇩🇪",
        "a\u200d",
        "[1, ",
        "x",
    ],
)
def test_a_megabyte_of_anything_has_its_atoms(bit: str) -> None:
    text = bit * (500_000 // len(bit))
    assert all(a < b for a, b in atoms(text, 0, len(text)))
