"""A row of a table comes with its header, and the header with a row."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

MARKDOWN = """# Ferries of the sound

Times are as of spring.

| Boat | Pier | Leaves | Fare |
| --- | :---: | ---: | ---: |
| Alba | N4 | 07:10 | 3.20 |
| Brisa | S1 | 08:45 | 4.10 |
| Corvo | S2 | 09:30 | 2.90 |
| Duna | N7 | 11:05 | 6.60 |

Dogs travel free. The kiosk opens at six."""
CSV = "valve;size;torque\nV-310;DN40;22 Nm\nV-320;DN50;31 Nm\nV-330;DN65;44 Nm\nV-340;DN80;58 Nm"
TABS = "Stadt\tEinwohner\tFluss\nLorn\t48 200\tIlse\nMaden\t9 750\tWarne\nNeuhof\t120 400\tOste\nPrell\t3 310\tAller"
CASES = [
    (MARKDOWN, "From which pier does the Duna leave?", "| Duna | N7 |", "| Boat | Pier | Leaves | Fare |\n| --- | :---: | ---: | ---: |"),
    (CSV, "What is the torque of V-330?", "V-330;DN65;44 Nm", "valve;size;torque"),
    (TABS, "Wie viele Einwohner hat Neuhof?", "Neuhof\t120 400\tOste", "Stadt\tEinwohner\tFluss"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "question", "row", "header"), CASES, ids=["markdown", "csv", "tabs"])
def test_a_row_stands_below_its_header(sweep, text, question, row, header):
    found = False
    for kept in sweep(text, question):
        rows = [line for line in text.splitlines() if line in kept.splitlines() and line not in header]
        rows = [line for line in rows if line.count("|") > 2 or ";" in line or "\t" in line]
        assert bool(rows) == (header in kept), kept
        if rows:
            assert kept.index(header) < min(kept.index(line) for line in rows)
        found |= row in kept
    assert found


@pytest.mark.parametrize(("text", "question", "row", "header"), CASES, ids=["markdown", "csv", "tabs"])
def test_where_the_row_that_answers_fits_with_its_header_it_is_kept(engine, text, question, row, header):
    line = next(line for line in text.splitlines() if line.startswith(row))
    heading = "# Ferries of the sound\n\n" if text is MARKDOWN else ""
    need = engine.counter.count(f"{heading}{header}\n{line}")
    for more in (1, 3, 6):
        assert line in engine.compress([text], question, max_tokens=need + more).text


@pytest.mark.parametrize(("text", "question", "row", "header"), CASES, ids=["markdown", "csv", "tabs"])
def test_no_row_is_kept_in_part(sweep, text, question, row, header):
    for kept in sweep(text, question):
        for line in kept.splitlines():
            assert not line.strip() or line in text.splitlines() or line.rstrip(" …") in text, kept
            assert line.count("|") in (0, 5), kept
