"""An item of a list is kept with the line that says whether it is so or not so."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

DIET = """Advice after the operation

On the first day you may eat:
- clear soup
- white bread
- apple puree

On the first day you must not eat:
- raw onions and cabbage
- fried potatoes
- oranges or lemons

The ward is visited twice a day. Flowers are left at the door. Ask the nurse for a second pillow."""
VISA = """Einreise mit dem Kleinen Pass

Der Kleine Pass genügt für:
1. Reisen bis 30 Tage
2. Besuche bei Verwandten

Der Kleine Pass genügt nicht für:
1. Arbeit als Saisonkraft
2. ein Studium an der Seefahrtschule

Der Schalter öffnet um neun. Nummern werden am Eingang gezogen. Das Haus hat einen Aufzug."""
LICENCE = """Licence of the font

You can:
  * print posters with it
  * embed it in a book

You cannot, in any case:
  * sell the files
    - on a disc by themselves
    - as part of a logo kit

The font was drawn in 2011. It has four weights. A sample sheet is in the archive."""


@pytest.mark.parametrize(
    ("text", "question", "item", "lead", "other"),
    [
        (DIET, "May I eat fried potatoes?", "- fried potatoes", "must not eat:", "you may eat:"),
        (DIET, "Is apple puree fine?", "- apple puree", "you may eat:", "must not eat:"),
        (VISA, "Kann ich als Saisonkraft arbeiten?", "1. Arbeit als", "genügt nicht für:", "genügt für:"),
        (VISA, "Genügt er für ein Studium?", "2. ein Studium", "genügt nicht für:", "genügt für:"),
        (
            LICENCE,
            "May I sell it as part of a logo kit?",
            "- as part of a logo kit",
            "You cannot",
            "You can:",
        ),
    ],
)
def test_an_item_stands_under_its_own_lead_in(sweep, text, question, item, lead, other):
    seen = 0
    for kept in sweep(text, question):
        at = kept.find(item)
        if at >= 0:
            seen += 1
            assert lead in kept[:at], kept
            assert kept.rfind(other, 0, at) < kept.rfind(lead, 0, at), kept
    assert seen > 3


def test_a_nested_item_brings_the_item_above_it(sweep):
    for kept in sweep(LICENCE, "May I sell it as part of a logo kit?"):
        if "- as part of a logo kit" in kept:
            assert "* sell the files" in kept[: kept.index("- as part")]


@pytest.mark.parametrize("text", [DIET, VISA, LICENCE])
def test_no_lead_in_is_kept_alone(sweep, text):
    for kept in sweep(text, "What is at the door of the house?"):
        lines = [line for line in kept.splitlines() if line.strip()]
        for line, below in zip(lines, [*lines[1:], ""], strict=False):
            if line.rstrip().endswith(":"):
                assert below.lstrip()[:1] in tuple("-*12"), kept
                assert below, kept


NESTED = (
    "# Rules of the yard\n\n- Dogs may run free\n  - before eight in the morning\n  - on the north meadow\n- Cats stay at home.\n"
    "- Horses may be led\n  - by their owners\n  - with a halter\n"
)
CLAUSES = "第5条(貸出)\n1 次の品は貸し出しません。\n(1)辞書\n(2)地図\n2 次の品は三日間貸し出します。\n(1)小説\n(2)絵本"
FLAGS = (
    "Flags:\n  -f, --force        Overwrite the copy. Cannot\n                     be undone.\n"
    "  -s, --slow         Read slowly. Off by default.\n      --log FILE     Write a log. Ignored with --slow."
)


@pytest.mark.parametrize(
    ("text", "question", "parts"),
    [
        (NESTED, "May dogs run free?", {"Dogs may run free": ["before eight", "north meadow"],
                                        "Horses may be led": ["by their owners", "with a halter"]}),
        (CLAUSES, "地図は借りられますか。", {"貸し出しません": ["辞書", "地図"], "貸し出します": ["小説", "絵本"]}),
    ],
    ids=["nested", "clauses"],
)  # fmt: skip
def test_what_announces_items_is_not_kept_without_one(sweep, text, question, parts):
    seen = 0
    for kept in sweep(text, question):
        for lead, items in parts.items():
            seen += lead in kept
            assert any(item in kept for item in items) == (lead in kept), kept
    assert seen


def test_what_is_said_of_an_option_comes_with_its_name(sweep):
    seen = 0
    for kept in sweep(FLAGS, "Can --force be undone?"):
        for said, name in (("be undone", "--force"), ("Off by default", "--slow"), ("Ignored", "--log")):
            if said in kept:
                seen += 1
                above = kept[: kept.index(said)]
                assert max(("--force", "--slow  ", "--log"), key=above.rfind).strip() == name, kept
    assert seen
