"""Lines of a narrow column are one sentence, and a word that the line end parts stays whole."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

WELL = """The deep well was drill-
ed by the firm of Oskar
Thane in 1947 behind the
old tannery and sup-
plied nine hundred houses
until the pipe broke. It
was closed in 1983 and
filled with sand. A stone
in the grass names the
year, which few can read.
The path is of gravel, and
it leads past a chapel to
the road. Sheep graze on
the slope above it. There
is a bench by the gate."""
ORGAN = """Die kleine Orgel wur-
de im Jahr 1762 von Jost
Merlen gebaut und hat elf
Register. Sie wurde spä-
ter in die Kapelle ver-
setzt, weil das Dach der
Kirche undicht war. Heute
hört man sie an jedem
ersten Sonntag im Monat."""
CANAL = """The canal is twenty-
two miles long and was
dug by hand. Its water
comes from the Merrow re-
servoir, which was built
in 1811. Barges carried
lime, slate and timber
until the railway came."""


@pytest.mark.parametrize(
    ("text", "question", "halves", "answer"),
    [
        (WELL, "When was the well drilled?", (("drill-", "ed by"), ("sup-", "plied")), "1947"),
        (WELL, "How many houses did the well supply?", (("drill-", "ed by"), ("sup-", "plied")), "nine hundred"),
        (ORGAN, "Wann wurde die Orgel gebaut?", (("wur-", "de im"), ("spä-", "ter in"), ("ver-", "setzt")), "1762"),
        (CANAL, "Where does the water come from?", (("twenty-", "two"), ("re-", "servoir")), "Merrow"),
    ],
)  # fmt: skip
def test_no_half_of_a_word_is_kept(engine, sweep, text, question, halves, answer):
    for kept in sweep(text, question):
        for first, second in halves:
            assert (first + "\n" in kept) == (second in kept), kept
    assert answer in engine.compress([text], question, ratio=0.5).text


@pytest.mark.parametrize(
    ("text", "quote", "source"),
    [
        (WELL, "supplied nine hundred houses", "sup-\nplied nine hundred houses"),
        (ORGAN, "wurde im Jahr 1762", "wur-\nde im Jahr 1762"),
        (CANAL, "from the Merrow reservoir", "from the Merrow re-\nservoir"),
    ],
)
def test_a_quote_of_the_joined_word_is_found_in_the_source(engine, text, quote, source):
    context = engine.compress([text], quote, ratio=0.95)
    [(_, start, end)] = context.cite(quote)
    assert text[start:end] == source
