from __future__ import annotations

import pytest

from semtoken_rag.explain.outcome import sentences, summary
from semtoken_rag.result import Stats


def stats(**fields) -> Stats:
    return Stats(1200, 300, 400, "hash", "words", **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"confidence": 1.0}, "nothing is left out"),
        ({"cut_by": "ratio"}, "cut by ratio"),
        (
            {"cut_by": "keep", "keep": 0.95, "confidence": 0.959},
            "95 % sure that nothing wanted is lost, cut by keep=0.95",
        ),
        (
            {"cut_by": "max_tokens", "keep": 0.95, "confidence": 0.001},
            "<1 % sure that nothing wanted is lost, cut by max_tokens before keep=0.95 is reached",
        ),
        (
            {"cut_by": "max_tokens", "confidence": 0.5, "answerable": 0.9},
            "50 % sure that nothing wanted is lost, cut by max_tokens; "
            "the documents seem to answer the question (chance 90 %)",
        ),
        (
            {"cut_by": "ratio", "answerable": 0.5},
            "cut by ratio; the documents may or may not answer the question (chance 50 %)",
        ),
        (
            {"cut_by": "ratio", "answerable": 0.04},
            "cut by ratio; the documents do not seem to answer the question (chance 4 %)",
        ),
    ],
)
def test_a_summary_is_one_line(fields, said):
    assert summary(stats(**fields)) == f"300 of 1,200 tokens; {said}"


def test_that_nothing_fits_is_said():
    nothing = Stats(13, 0, 5, "hash", "words", cut_by="ratio", confidence=0.08)
    assert summary(nothing) == "0 of 13 tokens; nothing fits in 5 tokens"
    assert sentences(nothing) == ["Nothing fits in 5 tokens."]


def test_sentences_begin_with_a_capital():
    said = sentences(stats(cut_by="keep", keep=0.9, confidence=0.92, answerable=0.8))
    assert said == [
        "92 % sure that nothing wanted is lost, cut by keep=0.9.",
        "The documents seem to answer the question (chance 80 %).",
    ]
