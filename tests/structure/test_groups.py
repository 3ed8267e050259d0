"""Blocks of short lines, each of a thing that its first line names."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

from semtoken_rag.stages.segment import segment

DESKS = "Lost property\nDesk 4, ground floor\nTel. 555 0199\nTue 9:00-11:00\n\nTax office\nDesk 12, attic\nTel. 555 0142\nFri 14:00-16:00"
TARIFFS = "Pupils ............ 2,50 €\nAdults ............ 5,00 €\nDogs .............. 1,00 €\n\nEvening (after 18:00)\nPupils ............ 1,50 €\nAdults ............ 3,00 €"
DOSES = "Weak kidneys\nStage 1: the usual dose\nStage 2: half of it\nStage 3: none\n\nWeak liver\nGrade A: the usual dose\nGrade B: none"
BOATS = "Nordkai\nAbfahrt 8:15 und 17:40\nFahrzeit 25 min\n\nSüdkai\nAbfahrt 9:05 und 19:10\nFahrzeit 40 min"


@pytest.mark.parametrize(
    ("text", "said", "owner"),
    [
        (DESKS, "Tel. 555 0142", "Tax office"),
        (DESKS, "Tue 9:00-11:00", "Lost property"),
        (TARIFFS, "Adults ............ 3,00 €", "Evening (after 18:00)"),
        (TARIFFS, "Adults ............ 5,00 €", ""),
        (DOSES, "Grade B: none", "Weak liver"),
        (DOSES, "Stage 3: none", "Weak kidneys"),
        (BOATS, "Fahrzeit 40 min", "Südkai"),
    ],
)
def test_a_line_hangs_on_the_name_of_its_block(text, said, owner):
    found = segment(text)
    unit = next(u for u in found if text[u.start : u.end] == said)
    above = found[unit.parent] if unit.parent >= 0 else None
    assert (text[above.start : above.end] if above else "") == owner


@pytest.mark.parametrize(
    "text",
    [
        "O wind of the west\nthat blows so cold\nI knew thy breath\n\nO rain of the east\nthat falls so slow\nI knew thy song",
        "Lost property\nDesk 4, ground floor\nTel. 555 0199",
        "He came in 1902.\nHe left in 1911.\nHe died in 1930.\n\nShe came in 1903.\nShe left in 1912.\nShe died in 1931.",
    ],
    ids=["verse", "one alone", "sentences"],
)
def test_other_short_lines_have_no_name(text):
    assert all(unit.parent < 0 for unit in segment(text))


TICKETS = "Fault #31: No sound\nState: mended\nSeen on: tablets\n\nFault #32: No print\nState: refused\nSeen on: desks\n\nFault #33: No map\nState: open"


@pytest.mark.parametrize(
    ("said", "owner"),
    [("State: refused", "Fault #32"), ("State: open", "Fault #33"), ("State: mended", "Fault #31")],
)
def test_a_line_hangs_on_a_name_with_a_number(said, owner):
    found = segment(TICKETS)
    unit = next(u for u in found if TICKETS[u.start : u.end] == said)
    assert TICKETS[found[unit.parent].start :].startswith(owner)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The mill is open to all.\n\nMill fees\nRye: 4 crowns\nOats: 3 crowns\nFlax: none", "Mill fees"),
        ("ご案内です。\n\n仕様\n電圧：100V\n電力：45W\n重さ：2kg", "仕様"),
    ],
)
def test_keys_alone_below_a_few_words_need_no_other_block(text, name):
    found = segment(text)
    assert [text[u.start : u.end] for u in found if u.kind == "heading"] == [name]
