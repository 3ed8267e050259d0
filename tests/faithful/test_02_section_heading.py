"""A figure is kept with the heading that tells whose figure it is."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

ROOMS = {"Attic room": "61 dollars", "Garden room": "94 dollars", "Corner room": "77 dollars"}
SAUNA = {"§ 3 Kinder": "4 Euro", "§ 4 Vereine": "6 Euro", "§ 5 Gäste der Kur": "9 Euro"}
BOATS = {"2.1 Dinghies": "three persons", "2.2 Ketches": "eleven persons", "2.3 Barges": "forty persons"}

HOTEL = "# Rates of the inn\n\n" + "\n\n".join(
    f"## {name}\n\nA night costs {price}. Breakfast is served until ten." for name, price in ROOMS.items()
)
BATH = "\n\n".join(
    f"{name}\n\nDer Eintritt kostet {price}. Handtücher liegen an der Kasse." for name, price in SAUNA.items()
)
FLEET = "2 Boats for hire\n\n" + "\n\n".join(
    f"{name}\n\nThey carry {load} and a dog. Life vests are in the locker." for name, load in BOATS.items()
)
UNDERLINED = HOTEL.replace("# Rates of the inn", "Rates of the inn\n================").replace("#", "")
for _name in ROOMS:
    UNDERLINED = UNDERLINED.replace(f" {_name}\n", f"{_name}\n-----------\n")
PAGE = "<h1>Rates of the inn</h1>" + "".join(
    f"<h2>{name}</h2><p>A night costs {price}. Breakfast is served until ten.</p>"
    for name, price in ROOMS.items()
)


@pytest.mark.parametrize(
    ("text", "owners", "question", "answer"),
    [
        (HOTEL, ROOMS, "What does a night in the garden room cost?", "94 dollars"),
        (UNDERLINED, ROOMS, "What does a night in the corner room cost?", "77 dollars"),
        (PAGE, ROOMS, "What does a night in the corner room cost?", "77 dollars"),
        (BATH, SAUNA, "Was kostet der Eintritt für Vereine?", "6 Euro"),
        (FLEET, BOATS, "How many persons do the ketches carry?", "eleven persons"),
    ],
    ids=["markdown", "underlined", "html", "legal", "numbered"],
)
def test_a_figure_stands_under_the_heading_that_it_belongs_to(sweep, text, owners, question, answer):
    answered = 0
    for kept in sweep(text, question):
        answered += answer in kept
        for name, figure in owners.items():
            if figure in kept:
                above = kept[: kept.index(figure)]
                last = max(owners, key=above.rfind)
                assert name in above, kept
                assert last == name, kept
    assert answered > 5


@pytest.mark.parametrize("text", [HOTEL, UNDERLINED, BATH, FLEET])
def test_no_heading_is_kept_alone(sweep, text):
    for kept in sweep(text, "Who owns the place?"):
        lines = [line.strip() for line in kept.splitlines() if line.strip(" -=")]
        if lines:
            assert lines[-1].endswith((".", "…", "ten", "Kasse", "locker", "dog", "Euro", "dollars")), kept


def test_a_table_hangs_on_the_heading_above_it_and_not_on_the_one_before(sweep):
    text = (
        "## Basic\n\nIt is for small teams of a school.\n\n## Business\n\n| Seats | Fee |\n|---|---|\n"
        "| 10 | 19 EUR |\n| 50 | 79 EUR |\n\n## Charity\n\n| Seats | Fee |\n|---|---|\n| 10 | 3 EUR |\n| 50 | 8 EUR |"
    )
    seen = 0
    for kept in sweep(text, "What is the fee of Business for 50 seats?"):
        for fee, owner in (("79 EUR", "## Business"), ("8 EUR", "## Charity"), ("3 EUR", "## Charity")):
            if f"| {fee} |" in kept:
                above = kept[: kept.index(f"| {fee} |")]
                seen += 1
                assert max(("## Basic", "## Business", "## Charity"), key=above.rfind) == owner, kept
                assert "## Basic" not in above or "small teams" in above, kept
    assert seen > 10


CLINICS = (
    "Eye clinic\nFloor 3, room 18\nTel. 0611 2201\nMon 8-12\n\nSkin clinic\nFloor 5, room 2\nTel. 0611 2209\nWed 13-17\n\n"
    "Ear clinic\nFloor 1, room 40\nTel. 0611 2215\nFri 9-10"
)
COUNCIL = (
    "Item 1: Ferry\nMotion: to buy a second ferry.\nCarried by nine to two.\n\nItem 2: Quay\nMotion: to pave the quay.\n"
    "Lost by ten to one.\n\nItem 3: Mill\nMotion: to lease the mill.\nAdjourned to May."
)
CHANGES = (
    "Version 7.1 (2025-02-01)\n\nAdded\n* a night mode\n* a ruler\n\nVersion 7.0 (2024-08-15)\n\nRemoved\n* the fax module\n\n"
    "Known faults\n* the clock runs slow"
)
TOLLS = (
    "Section 3. Waivers.\n(a) No toll is due for hearses.\n(b) No toll is due for ploughs.\nSection 4. Rates.\n"
    "(a) A car pays 4 dollars.\n(b) A lorry pays 11 dollars.\nSection 5. Fines.\n(a) The fine is 60 dollars."
)


@pytest.mark.parametrize(
    ("text", "question", "owners"),
    [
        (CLINICS, "What is the telephone of the skin clinic?",
         {"2201": "Eye clinic", "2209": "Skin clinic", "2215": "Ear clinic", "Fri 9-10": "Ear clinic"}),
        (COUNCIL, "Was the motion to pave the quay carried?",
         {"Carried by": "Item 1: Ferry", "Lost by": "Item 2: Quay", "Adjourned": "Item 3: Mill"}),
        (CHANGES, "Which version has a clock that runs slow?",
         {"a night mode": "Version 7.1", "the fax module": "Version 7.0", "the clock": "Version 7.0"}),
        (TOLLS, "What does a lorry pay?",
         {"ploughs": "Section 3. Waivers.", "11 dollars": "Section 4. Rates.", "60 dollars": "Section 5. Fines."}),
    ],
    ids=["clinics", "council", "changes", "tolls"],
)  # fmt: skip
def test_names_without_marks_and_counted_names_come_with_what_is_theirs(sweep, text, question, owners):
    names = sorted(set(owners.values()))
    seen = 0
    for kept in sweep(text, question):
        for said, owner in owners.items():
            if said in kept:
                seen += 1
                above = kept[: kept.index(said)]
                assert owner in above, kept
                assert max(names, key=above.rfind) == owner, kept
    assert seen > 5
