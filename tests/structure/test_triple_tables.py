"""Tables written as triples in running text: their captions, and prose around and between them."""

from __future__ import annotations

import time

import pytest

from semtoken_rag.stages.segment import segment
from tests.support.segments import chain


@pytest.mark.parametrize(
    ("text", "row", "caption"),
    [
        (
            "Rope is sold by the yard.\n\nTable 4. Pier South, all amounts in bales\n\n"
            "Jute, Stock = 120. Jute, Sold = 14.\n\nThe clerk is friendly.",
            "Jute, Sold = 14.",
            "Table 4. Pier South, all amounts in bales",
        ),
        (
            "Vor dem Tor steht ein Kran.\nÜbersicht 2, Angaben in Tonnen:\n"
            "Kies, Bestand = 31.\nKies, Abgang = 7.\nSand, Bestand = 18.",
            "Sand, Bestand = 18.",
            "Übersicht 2, Angaben in Tonnen:",
        ),
        (
            "Le quai est ouvert. Voici les tarifs.\n\nTableau 1 – Tarifs en couronnes\n\n"
            "Voilier, Jour = 40. Voilier, Mois = 610.",
            "Voilier, Mois = 610.",
            "Tableau 1 – Tarifs en couronnes",
        ),
        (
            "码头。\n\n表2 南码头，单位：吨\n\n沙, 库存 = 31. 沙, 售出 = 7.",
            "沙, 售出 = 7.",
            "表2 南码头，单位：吨",
        ),
    ],
)
def test_the_paragraph_above_is_the_caption(text, row, caption):
    assert chain(text, segment(text), row)[1:] == [caption]


@pytest.mark.parametrize(
    ("first", "prose", "second"),
    [
        ("Elm, Stock = 77.", "The wood is dry and was cut in spring.", "Oak, Stock = 12."),
        ("Ulme, Bestand = 77.", "Das Holz ist trocken und wurde im Mai geschlagen.", "Eiche, Bestand = 12."),
        ("Orme, Stock = 77.", "Le bois est sec et fut coupé au printemps.", "Chêne, Stock = 12."),
    ],
)
def test_prose_between_triples_is_a_unit_of_its_own(first, prose, second):
    text = f"Table 9: bales\n\n{first} {prose} {second}"
    segments = segment(text)
    assert [text[s.start : s.end] for s in segments] == ["Table 9: bales", first, prose, second]
    assert chain(text, segments, second)[1:] == ["Table 9: bales"]
    later = second.replace("12", "13")
    apart = f"Table 9: bales\n\n{first} {second}\n\n{prose}\n\n{first.replace('77', '78')} {later}"
    assert chain(apart, segment(apart), later)[1:] == ["Table 9: bales"]
    assert chain(apart, segment(apart), prose)[1:] == []


def test_another_table_or_heading_ends_the_caption():
    text = "Table 9: bales\n\nElm, Stock = 7. Oak, Stock = 8.\n\nElm, Height = 20. Oak, Height = 30."
    assert chain(text, segment(text), "Oak, Height = 30.")[1:] == []
    text = "Table 9: bales\n\nElm, Stock = 7. Oak, Stock = 8.\n\n# Cellar\n\nElm, Stock = 2. Oak, Stock = 3."
    assert chain(text, segment(text), "Oak, Stock = 3.")[1:] == ["# Cellar"]


@pytest.mark.parametrize(
    "text",
    [
        "It rained all day. We left at noon.\n\nElm, Stock = 7. Oak, Stock = 8.",
        "Es regnete den ganzen Tag.\n\nUlme, Bestand = 7. Eiche, Bestand = 8.",
        "Il pleuvait.\n\nOrme, Stock = 7. Chêne, Stock = 8.",
    ],
)
def test_a_sentence_above_is_no_caption(text):
    assert all(s.parent < 0 for s in segment(text))


@pytest.mark.parametrize("line", ["a, b = 1. ", "a, b = 1. The b c d. ", "Note. a = b, ", "A, b =\n", "T. "])
def test_time_is_bounded(line):
    text = (line * 30_000)[:30_000]
    start = time.process_time()
    segment(text)
    assert time.process_time() - start < 1.5
