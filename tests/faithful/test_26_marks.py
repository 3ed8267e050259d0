"""Where a sentence was broken or something left out within a line, the reader sees it."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

from semtoken_rag import Config, SemToken

TEXTS = [
    ("Until when is the lock shut?",
     "The board sat on Friday. The lock at the weir is shut until the new gates have been hung by the crew, and the "
     "crew is paid by the week out of the harbour fund of the town. Tea was served in the hall. It rained."),
    ("Bis wann bleibt die Brücke gesperrt?",
     "Der Rat tagte am Freitag. Die Brücke bleibt bis zum Einbau der neuen Lager im Mai gesperrt, und die Arbeit ist "
     "im Plan, und die Stadt zahlt sie aus dem Fonds für Wege. Es gab Tee. Es regnete."),
    ("Who runs the mill today?",
     "The mill is run by the brothers Sand and their two sons, and the wheel is turned by the water of the upper "
     "pond, and the flour is sold at the gate. A cat sleeps there. It is grey."),
]  # fmt: skip


@pytest.mark.parametrize(("question", "text"), TEXTS)
@pytest.mark.parametrize("gap", [" … ", " [...] "])
def test_every_broken_sentence_carries_its_mark(question, text, gap):
    engine = SemToken(config=Config(gap=gap), on_error="raise")
    mark, broken = gap.strip(), 0
    for limit in range(5, engine.counter.count(text)):
        made = engine.compress([text], question, max_tokens=limit)
        assert made.stats.tokens_after <= limit
        for chunk in made.chunks:
            first = chunk.pieces[0]
            assert (first.broken_start) == chunk.text.startswith(mark)
            assert (chunk.pieces[-1].broken_end) == chunk.text.endswith(mark)
            for piece in chunk.pieces:
                said = text[piece.start : piece.end]
                whole = (said.endswith(".") or text[piece.end] == ".") and (
                    not piece.start or text[piece.start - 2 : piece.start] == ". "
                )
                assert whole or piece.broken_end or piece.broken_start
                broken += piece.broken_end
                assert not piece.broken_end or f"{said} {mark}" in chunk.text
    assert broken


@pytest.mark.parametrize(("question", "text"), TEXTS)
def test_sentences_with_nothing_between_them_have_no_mark(engine, question, text):
    for limit in range(5, engine.counter.count(text)):
        made = engine.compress([text], question, max_tokens=limit)
        for chunk in made.chunks:
            for one, other in zip(chunk.pieces, chunk.pieces[1:], strict=False):
                skipped = text[one.end : other.start].strip(" .")
                between = chunk.text.split(text[one.start : one.end], 1)[1]
                assert between.startswith(" … ") == bool(skipped or one.broken_end or other.broken_start)


def test_offsets_do_not_move_with_the_mark():
    question, text = TEXTS[0]
    for limit in (12, 20, 30):
        pieces = [
            [(p.start, p.end) for c in SemToken(config=Config(gap=gap)).compress([text], question, max_tokens=limit).chunks
             for p in c.pieces]
            for gap in (" … ", " … ")
        ]  # fmt: skip
        assert pieces[0] == pieces[1]
