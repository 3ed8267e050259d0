"""HTML is cut at its own parts: rows, paragraphs and list items, with or without blanks between tags."""

from __future__ import annotations

import pytest

FARES = [("Child", "1.40"), ("Adult", "2.80"), ("Bicycle", "3.15"), ("Dog", "0.95"), ("Group", "11.20")]
TABLE = (
    "<table><tr><th>Ticket</th><th>Fare</th></tr>"
    + "".join(f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in FARES)
    + "</table><p>Fares are in crowns.</p>"
)
SPACED = TABLE.replace("<tr>", "\n  <tr>").replace("<td>", "\n    <td>")
LIST = (
    "<h2>House rules</h2><p>You may not bring:</p><ul><li>glass bottles</li><li>drums</li></ul>"
    "<p>You may bring:</p><ul><li>a folding chair</li><li>a blanket</li></ul><p>The gate opens at noon.</p>"
)
TWO = (
    "<h2>Summer</h2><table><tr><th>Day</th><th>Hours</th></tr><tr><td>Monday</td><td>8 to 20</td></tr>"
    "<tr><td>Sunday</td><td>9 to 18</td></tr></table>"
    "<h2>Winter</h2><table><tr><th>Day</th><th>Hours</th></tr><tr><td>Monday</td><td>10 to 16</td></tr>"
    "<tr><td>Sunday</td><td>closed</td></tr></table>"
)


@pytest.mark.parametrize("text", [TABLE, SPACED], ids=["dense", "spaced"])
@pytest.mark.parametrize(("name", "fare"), FARES[:4])
@pytest.mark.parametrize("ratio", [0.4, 0.6])
def test_the_row_that_answers_is_kept_with_its_header(engine, text, name, fare, ratio):
    kept = engine.compress([text], f"What is the fare for a {name.lower()}?", ratio=ratio).text
    assert fare in kept
    assert kept.index("Fare") < kept.index(name) < kept.index(fare)


def test_an_item_of_a_page_keeps_its_lead_in(sweep):
    seen = 0
    for kept in sweep(LIST, "May I bring drums?"):
        for item, lead in (("drums", "You may not bring:"), ("blanket", "You may bring:")):
            if item in kept:
                seen += 1
                above = kept[: kept.index(item)]
                assert max(("You may not bring:", "You may bring:"), key=above.rfind) == lead, kept
                assert lead in above
    assert seen


def test_a_row_stands_under_the_heading_of_its_table(sweep):
    seen = 0
    for kept in sweep(TWO, "What are the hours on Monday in winter?"):
        for hours, season in (("8 to 20", "Summer"), ("10 to 16", "Winter"), ("closed", "Winter")):
            if hours in kept:
                seen += 1
                above = kept[: kept.index(hours)]
                assert season in above
                assert max(("Summer", "Winter"), key=above.rfind) == season, kept
    assert seen


MENU = (
    "<title>Ferry</title><style>h1 { color: teal }</style><nav><a>Start</a> <a>Shop</a></nav>"
    "<h1>Ferry to the island</h1><p>The ferry leaves at nine.</p><script>track('ferry')</script>"
    "<p>The last ferry returns at six.</p>"
)


def test_what_is_no_text_of_a_page_is_not_kept_between_its_sentences(sweep):
    both = 0
    for kept in sweep(MENU, "When does the last ferry return?"):
        both += "leaves at nine" in kept and "returns at six" in kept
        assert not any(word in kept for word in ("teal", "Start", "Shop", "track")), kept
    assert both
