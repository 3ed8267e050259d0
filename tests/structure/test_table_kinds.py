"""Tables as people write them: one below another, between borders, in grids, with rows that name groups."""

from __future__ import annotations

import time

import pytest

from semtoken_rag.stages.segment import segment
from tests.support.segments import chain


def hung(text: str, piece: str) -> list[str]:
    """What the unit that begins with ``piece`` hangs on."""
    return chain(text, segment(text), piece)[1:]


@pytest.mark.parametrize(
    ("first", "title", "second", "row"),
    [
        (
            "Boat      Day   Week\nSkiff     10    12\nYawl      20    24",
            "",
            "Lamp      Oil   Wick\nStern     3     4\nBow       5     6",
            "Bow       5     6",
        ),
        (
            "Boot      Tag   Woche\nJolle     10    12\nKutter    20    24",
            "Maße in Metern",
            "Boot      Tiefe  Breite\nJolle     3      4\nKutter    5      6",
            "Kutter    5      6",
        ),
        (
            "Ville     Pluie  Vent\nBrest     10     12\nNantes    20     24",
            "",
            "Nom du phare        Hauteur    Portée\n"
            "Eckmühl             60         23\nCréac'h             55         32",
            "Créac'h             55         32",
        ),
        (
            "| 船 | 日 |\n|---|---|\n| 小艇 | 3 |\n| 帆船 | 4 |",
            "",
            "| 灯 | 油 |\n|---|---|\n| 船尾 | 5 |",
            "| 船尾 | 5 |",
        ),
    ],
)  # fmt: skip
def test_a_table_right_below_another_has_its_own_header(first, title, second, row):
    text = "\n".join(part for part in (first, title, second) if part)
    head = second[: second.index("\n" + row)].split("\n")[: 2 if "|---" in second else 1]
    assert hung(text, row) == ["\n".join(head), *([title] if title else [])]
    last = first.rsplit("\n", 1)[-1]
    assert hung(text, last)[0].startswith(first.split("\n", 1)[0])


@pytest.mark.parametrize(
    "row",
    [
        "Yawl      sold     let",
        "Yawl      n/a      —",
        "Yawl      on call  on call",
        "Yawl      20       gone",
    ],
)
def test_words_among_values_are_no_header(row):
    text = (
        f"Boat      Day      Week\nSkiff     10       12\nKetch     11       13\n{row}\nBrig      30       31"
    )
    assert hung(text, "Brig") == hung(text, "Yawl") == ["Boat      Day      Week"]


@pytest.mark.parametrize(
    ("lines", "row", "head"),
    [
        (
            ["====  ====  =====", "Boat  Day   Note", "====  ====  =====", "Yawl  4     dry, ",
             "            new", "Brig  9     old", "====  ====  ====="],
            "Yawl  4     dry, \n            new",
            "Boat  Day   Note\n====  ====  =====",
        ),
        (
            ["=====  =====  ======", "   Eingang    Aus", "------------  ------", "  A      B    A & B",
             "=====  =====  ======", "falsch wahr   falsch", "wahr   wahr   wahr",
             "=====  =====  ======"],
            "wahr   wahr   wahr",
            "Eingang    Aus\n------------  ------\n  A      B    A & B\n=====  =====  ======",
        ),
        (
            ["======  =====", "Canot   4", "", "Cotre   9", "======  ====="],
            "Cotre   9",
            "",
        ),
    ],
)  # fmt: skip
def test_a_table_between_borders(lines, row, head):
    table = "\n".join(lines)
    text = f"The pier is old.\n\n{table}\n\nThat is all, and it is enough."
    if head:
        assert hung(text, row) == [head]
    else:
        assert hung(text, row) == []
    assert any(text[s.start : s.end] == row and s.kind == "row" for s in segment(text))
    assert hung(text, "That is all") == []


@pytest.mark.parametrize(
    "text",
    [
        "Boats\n=====\n\nAll are wet.",
        "A line\n=== ===\nand one more",
        "==== ====\n\n==== ====",
        "x == y == z",
    ],
)
def test_lines_of_equals_signs_are_no_table(text):
    assert not any(s.kind in ("row", "header") for s in segment(text))


def test_a_grid():
    text = (
        "Fees.\n\n+-------+-----+-----+\n| Boat  | Day | Tax |\n+=======+=====+=====+\n"
        "| Sails             |\n"
        "+-------+-----+-----+\n| Yawl, | 4   | 1   |\n| green |     |     |\n+-------+-----+-----+\n\nMore."
    )
    head = "| Boat  | Day | Tax |\n+=======+=====+=====+"
    assert hung(text, "| Yawl, | 4   | 1   |\n| green") == ["| Sails             |", head]
    rule = "+-------+----+"
    plain = "\n".join([rule, "| Jolle | 10 |", rule, "| Brigg | 20 |", rule, "| Yawl  | 3  |", rule])
    assert hung(plain, "| Brigg | 20 |") == []
    assert hung(plain, "| Jolle | 10 |") == []


@pytest.mark.parametrize(
    ("group", "row"),
    [("Basic", "Month"), ("Grundpreis", "Monat"), ("Formule libre", "Mois"), ("基本", "月")],
)
@pytest.mark.parametrize("form", ["| **{}** | | |", "| {0} | {0} | {0} |", "| **{0}** | **{0}** | **{0}** |"])
def test_a_row_that_names_a_group_heads_the_rows_below(group, row, form):
    first, second = form.format(group), form.format("Pro")
    head = "| Plan | Fee | Users |\n| --- | --- | --- |"
    text = f"{head}\n{first}\n| {row} | 5 | 1 |\n{second}\n| {row} | 9 | 3 |"
    assert hung(text, f"| {row} | 5") == [first, head]
    assert hung(text, f"| {row} | 9") == [second, head]


@pytest.mark.parametrize(
    ("head", "parts", "row"),
    [
        ("| | 2031 | 2031 | 2032 |", "| Boat | Day | Week | Day |", "| Yawl | 4 | 9 | 5 |"),
        ("| Boot | Sommer | Sommer | Winter |", "| Boot | Tag | Woche | Tag |", "| Jolle | 4 | 9 | 5 |"),
        ("| 船 | 夏季 | 夏季 |", "| 船 | 日 | 周 |", "| 小艇 | 4 | 9 |"),
    ],
)
def test_a_row_that_names_the_parts_of_wide_columns_is_of_the_header(head, parts, row):
    rule = "|" + " --- |" * (head.count("|") - 1)
    text = f"{head}\n{rule}\n{parts}\n{row}\n{row.replace('4', '7')}"
    assert hung(text, row) == [f"{head}\n{rule}\n{parts}"]


def test_equal_values_name_no_group():
    text = "| Plan | Fee | Tax |\n| --- | --- | --- |\n| 5 | 5 | 5 |\n| 7 | 5 | 1 |"
    assert hung(text, "| 7 | 5") == ["| Plan | Fee | Tax |\n| --- | --- | --- |"]


@pytest.mark.parametrize(
    "bit",
    [
        "== ==\n",
        "== ==\na  b\n",
        "Aa  Bb  Cc\nAa  1  2\n",
        "| A | B |\n|---|---|\n",
        "+--+--+\n| a | b |\n",
        "a  b\n",
    ],
)
def test_time_is_bounded(bit):
    text = (bit * 30_000)[:30_000]
    start = time.process_time()
    segment(text)
    assert time.process_time() - start < 1.5
