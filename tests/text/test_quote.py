"""Quotes are found whatever their case, blanks, punctuation, script and composition of accents."""

from __future__ import annotations

import pytest

from semtoken_rag import SemToken
from semtoken_rag.text.quote import longest_run, occurrences, words


def find(quote: str, text: str) -> list[str]:
    spans = occurrences(words(quote, 0, len(quote)), words(text, 0, len(text)))
    return [text[a:b] for a, b in spans]


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("opened in 1889", "The tower opened,\nin 1889.", ["opened,\nin 1889"]),
        ("OPENED", "opened Opened reopened", ["opened", "Opened"]),
        ("北京是中国的首都", "我知道北京是中国的首都。", ["北京是中国的首都"]),
        ("हिन्दी", "यह हिन्दी है, हान्दो नहीं", ["हिन्दी"]),
        ("the cafe\u0301", "at the cafe\u0301 today", ["the cafe\u0301"]),
        ("the café", "at the cafe\u0301 today", ["the cafe\u0301"]),
        ("straße", "die STRASSE hier", ["STRASSE"]),
        ("absent", "nothing of the kind", []),
    ],
)
def test_a_quote_is_found_as_it_stands(quote, text, found):
    assert find(quote, text) == found


def test_the_longest_run_of_a_quote_stands_for_it():
    quote, text = "he said the tower opened in May", "The tower opened in 1889."
    run = longest_run(words(quote, 0, len(quote)), words(text, 0, len(text)))
    assert [w.key for w in run] == ["the", "tower", "opened", "in"]


def test_cite_falls_back_to_the_longest_run_of_three_words():
    context = SemToken(encoder="static").compress(["The tower opened in 1889. It rained."], max_tokens=100)
    assert context.cite("I think the tower opened in May") == [("0", 0, 19)]
    assert context.cite("tower rained") == []
    assert context.cite("...") == []


def test_cite_reads_only_the_kept_pieces():
    text = "The tower opened in 1889. Bread is made of flour and water."
    context = SemToken(encoder="static").compress([text], "When did the tower open?", max_tokens=8)
    assert context.cite("opened in 1889") == [("0", 10, 24)]
    assert context.cite("made of flour") == []
