"""Tables written as text: header, rows, sections, and texts that are no tables."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.structure.tables import find_tables, is_row, parse_table
from tests.support.segments import NEGATIVES, chain, check, shown, steps, texts

BITS = (
    "|", "a|b", "| - | - |", "\t", ",", ";", '"', "  ", "---", "+--+", "=", "1,2,3\n", "x;y;z\n",
    "| **A** | | |\n", "| | 2 |\n", "│", "a\tb\n", "Bolt    3\n",
)  # fmt: skip


def parsed(text: str):
    segments = parse_table(text, 0, len(text))
    assert segments is not None
    check(text, segments)
    return segments


MARKDOWN = "| Pump | Head |\n| --- | ---: |\n| P-1 | 12 |\n| P-2 | 15 |"


def test_a_header_has_its_rule_and_rows_hang_on_it():
    assert shown(MARKDOWN, parsed(MARKDOWN)) == [
        ("header", "| Pump | Head |\n| --- | ---: |", -1),
        ("row", "| P-1 | 12 |", 0),
        ("row", "| P-2 | 15 |", 0),
    ]


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("Pump | Head\n--|--\nP-1 | 12", "Pump | Head\n--|--", ["P-1 | 12"]),
        ("|a|b|\n|-|-|\n|1|2|", "|a|b|\n|-|-|", ["|1|2|"]),
        (
            MARKDOWN.replace("\n", "\r\n"),
            "| Pump | Head |\r\n| --- | ---: |",
            ["| P-1 | 12 |", "| P-2 | 15 |"],
        ),
        (
            "| Tarif | Preis |\n|:--|--:|\n| Basis | 5 € |\n",
            "| Tarif | Preis |\n|:--|--:|",
            ["| Basis | 5 € |"],
        ),
        ("| A | B |\n|---|---|\n| x \\| y | 2 |\n| | |", "| A | B |\n|---|---|", ["| x \\| y | 2 |"]),
        (
            "| | Net | Gross |\n| Plan | EUR | EUR |\n|---|---|---|\n| Team | 5 | 6 |",
            "| | Net | Gross |\n| Plan | EUR | EUR |\n|---|---|---|",
            ["| Team | 5 | 6 |"],
        ),
        (
            " | 2031 | 2032\nSales | 5,100 | 6,200\nCosts | (3.1) | —",
            "| 2031 | 2032",
            ["Sales | 5,100 | 6,200", "Costs | (3.1) | —"],
        ),
        (" id | name\n----+------\n  1 | Anna\n  2 | Bob", "id | name\n----+------", ["1 | Anna", "2 | Bob"]),
        (
            "┌────┬────┐\n│ Nr │ Ort│\n├────┼────┤\n│ 1  │ Ulm│\n└────┴────┘",
            "│ Nr │ Ort│\n├────┼────┤",
            ["│ 1  │ Ulm│"],
        ),
        (
            "+---+---+\n| a | b |\n+---+---+\n| 1 | 2 |\n| 3 | 4 |\n+---+---+",
            "| a | b |\n+---+---+",
            ["| 1 | 2 |", "| 3 | 4 |"],
        ),
        (
            "+---+---+\n| a | b |\n+===+===+\n| 1 | 2 |\n|   | 3 |\n+---+---+\n| 4 | 5 |\n+---+---+",
            "| a | b |\n+===+===+",
            ["| 1 | 2 |\n|   | 3 |", "| 4 | 5 |"],
        ),
        ("Zeit\tTemp\n08:00\t3,5\n09:00\t4,1", "Zeit\tTemp", ["08:00\t3,5", "09:00\t4,1"]),
        (
            "Time\tTrain\tPlatform\n08:15\tto Jena\t4 north\n09:40\tto Ulm\t2 south",
            "Time\tTrain\tPlatform",
            ["08:15\tto Jena\t4 north", "09:40\tto Ulm\t2 south"],
        ),
        ("id,name\n1,Bolt\n2,Nut", "id,name", ["1,Bolt", "2,Nut"]),
        (
            'Produit,Prix,Stock\n"Vis, acier","1,20",300\nÉcrou,"0,80",120',
            "Produit,Prix,Stock",
            ['"Vis, acier","1,20",300', 'Écrou,"0,80",120'],
        ),
        (
            'name,note,qty\nBolt,"one\nof ""two""",3\nNut,,4',
            "name,note,qty",
            ['Bolt,"one\nof ""two""",3', "Nut,,4"],
        ),
        (
            'Name;Straße;PLZ\nMüller;Am Ring 5;04109\nLenz;"Weg 3; HH";10115',
            "Name;Straße;PLZ",
            ["Müller;Am Ring 5;04109", 'Lenz;"Weg 3; HH";10115'],
        ),
        (
            "Name, Age, City\nAnna, 30, Bonn\nBob, 41, Ulm",
            "Name, Age, City",
            ["Anna, 30, Bonn", "Bob, 41, Ulm"],
        ),
        (
            "国家;首都;人口\n法国;巴黎;6800\n德国;柏林;8400",
            "国家;首都;人口",
            ["法国;巴黎;6800", "德国;柏林;8400"],
        ),
        (
            "NAME     READY   AGE\nweb-1    1/1     3d\ndb-0     0/1     12m",
            "NAME     READY   AGE",
            ["web-1    1/1     3d", "db-0     0/1     12m"],
        ),
        (
            "Region      Umsatz\n------------------\nNord           120\nSüd             90",
            "Region      Umsatz\n------------------",
            ["Nord           120", "Süd             90"],
        ),
        ("ID NAME\n-- ----\n 1 foo\n 2 bar", "ID NAME\n-- ----", ["1 foo", "2 bar"]),
        (
            "           2031    2032\nSales       120     131\nCosts        90      97",
            "2031    2032",
            ["Sales       120     131", "Costs        90      97"],
        ),
    ],
)
def test_every_notation_has_a_header_and_rows(text, header, rows):
    assert shown(text, parsed(text)) == [("header", header, -1), *(("row", row, 0) for row in rows)]


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n4,5,6\n7,8,9",
        "2031-01-03,12.5,OK\n2031-01-04,13.0,OK",
        "| Bolt | 0.12 |\n| Nut | 0.07 |",
        "| one row | 5 |",
        "| --- | --- |\n| Bolt | 5 |",
        "Smith, J., 2020\nJones, K., 2021",
        "Name    Anna\nAge     32\nCity    Bonn",
    ],
)
def test_rows_that_are_all_alike_have_no_header(text):
    assert {(s.kind, s.parent) for s in parsed(text)} == {("row", -1)}


def test_rows_hang_on_the_section_that_they_stand_in():
    text = (
        "| Land | Ort | Menge |\n|---|---|---|\n"
        "| **Europa** | | |\n| Polen | Lodz | 4 |\n| **Asien** | | |\n| Japan | Kobe | 7 |"
    )
    segments = parsed(text)
    assert chain(text, segments, "| Japan")[1:] == [
        "| **Asien** | | |",
        "| Land | Ort | Menge |\n|---|---|---|",
    ]
    assert chain(text, segments, "| Polen")[1] == "| **Europa** | | |"


def test_sections_in_sections_and_the_unit_below_a_header():
    text = (
        "June 30, | | \n | 2031 | 2032\n(In thousands) | | \nAssets: | | \nCURRENT | | \nCash | 5 | 6\n"
        "FIXED | | \nLand | 7 | 8\nDebts: | | \nLoans | 9 | 1"
    )
    segments = parsed(text)
    assert text[segments[0].start : segments[0].end].endswith("(In thousands) | |")
    assert [s[:7] for s in chain(text, segments, "Land")[1:]] == ["FIXED |", "Assets:", "June 30"]
    assert [s[:7] for s in chain(text, segments, "Loans")[1:]] == ["Debts: ", "June 30"]


def test_a_row_without_its_first_cell_hangs_on_the_row_that_has_it():
    text = (
        "| Land | Ort | Menge |\n|---|---|---|\n| Polen | Lodz | 4 |\n| | Posen | 5 |\n| Japan | Kobe | 7 |"
    )
    assert chain(text, parsed(text), "| | Posen")[1] == "| Polen | Lodz | 4 |"


def test_a_section_without_rows_is_a_row():
    text = "| Land | Ort | Menge |\n|---|---|---|\n| Polen | Lodz | 4 |\n| **Asien** | | |"
    assert [s.kind for s in parsed(text)] == ["header", "row", "row"]


def test_a_header_that_is_too_long_binds_nothing():
    text = f"| A | {'b' * 1300} |\n|---|---|\n| 1 | 2 |"
    assert [(s.kind, s.parent) for s in parsed(text)] == [("row", -1), ("row", -1)]


@pytest.mark.parametrize("name", NEGATIVES)
def test_other_texts_are_no_tables(name):
    text = NEGATIVES[name]
    assert parse_table(text, 0, len(text)) is None
    assert list(find_tables(text, 0, len(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        'She said,"No",and left.\nHe said,"Yes",and stayed.',
        "Revenue was 1,200 in May\nCosts were 3,400 in June\nProfit was 2,200 in July",
        "eggs, flour, milk\nsalt, sugar, yeast",
        "The pump  is old.  It leaks  a lot.\nWe will  replace it  soon.\nThe valve  is  fine.",
        "1. Introduction ........ 3\n2. Methods ............. 9\n3. Results ............ 21",
        "Home | Products | About",
        "Liebe Anna,\nich danke dir, Ben,\nfür alles, wirklich,",
        "Le prix, hélas, monte.\nLa qualité, elle, baisse.",
        "margin: 0, 1, 2;\npadding: 1, 2, 3;",
        "a = 1, 2, 3\nb = 4, 5, 6",
        'a,"b,c\nd,e,f',
    ],
)
def test_commas_bars_and_blanks_alone_make_no_table(text):
    assert parse_table(text, 0, len(text)) is None


def test_tables_are_found_among_other_lines():
    text = (
        "Prices, net, as of May:\nItem,Price,Unit\nBolt,0.12,EUR\nNut,0.07,EUR\nThat, again, is all.\n"
        + MARKDOWN
    )
    found = [text[a:b] for a, b in find_tables(text, 0, len(text))]
    assert found == ["Item,Price,Unit\nBolt,0.12,EUR\nNut,0.07,EUR", MARKDOWN]


def test_a_blank_line_ends_a_table():
    text = MARKDOWN + "\n\n" + MARKDOWN
    assert [text[a:b] for a, b in find_tables(text, 0, len(text))] == [MARKDOWN, MARKDOWN]


def test_only_the_range_is_looked_at():
    text = f"x | y\n{MARKDOWN}\nz | w"
    segments = parse_table(text, 6, 6 + len(MARKDOWN))
    assert segments is not None
    assert text[segments[0].start : segments[-1].end] == MARKDOWN


@pytest.mark.parametrize(
    ("line", "expected"), [("| a |", True), ("+--+--+", True), ("a;b", True), ("A word.", False)]
)
def test_lines_that_may_be_rows(line, expected):
    assert is_row(line) is expected


@settings(max_examples=300, deadline=None)
@given(text=texts(BITS))
def test_any_text_keeps_the_contract(text):
    segments = parse_table(text, 0, len(text))
    if segments is not None:
        check(text, segments)
    at = 0
    for a, b in find_tables(text, 0, len(text)):
        assert at <= a < b <= len(text)
        at = b
        check(text, parse_table(text, a, b) or pytest.fail("a table that was found is none"))


CELL = st.text("abc xyz0123456789.€%", min_size=1, max_size=8).filter(lambda cell: cell.strip() == cell)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8))
def test_a_markdown_table_loses_no_row(rows):
    lines = [f"| {' | '.join(row)} |" for row in rows]
    text = "\n".join(["| Aa | Bb | Cc |", "|---|---|---|", *lines])
    assert [s[1] for s in shown(text, parsed(text))[1:]] == lines


@pytest.mark.parametrize(
    "unit", ["| a | 1 |\n", "a,b,1\n", 'a,"b\n', "a  1   2\n", "a,b\nc,d,e\n", "| **A** | | |\n", "x\ty\n"]
)
def test_time_grows_as_the_text_does(unit):
    few, many = (steps(lambda n=n: list(find_tables(unit * n, 0, len(unit) * n))) for n in (100, 400))
    assert many < 4.4 * few
