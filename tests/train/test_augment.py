"""Other forms of a training list: nothing with gold is lost, and gold stays where it is in the text."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")

from semtoken_rag import Chunk
from semtoken_rag.train.augment import Augmentation, pieces, recut
from semtoken_rag.train.examples import Example

CHUNKS = [Chunk(f"Nothing was there {i}.", title="day") for i in range(6)]
GROUP = [Example("a?", CHUNKS, [(1, 0, 7)]), Example("b?", CHUNKS, [(4, 0, 7)])]


def words(text: str) -> int:
    return len(text.split())


def test_chunks_without_gold_alone_are_left_out():
    kept = Augmentation(chunk_dropout=0.5, title_dropout=1.0)(GROUP, random.Random(0), words)
    assert [c.title for c in kept[0].chunks] == [""] * 4
    assert kept[0].chunks == kept[1].chunks
    for before, after in zip(GROUP, kept, strict=True):
        [(chunk, start, end)] = after.gold
        assert (after.chunks[chunk].text, start, end) == (CHUNKS[before.gold[0][0]].text, 0, 7)


@pytest.mark.parametrize(("limit", "chunks"), [(1, 3), (12, 3), (16, 4), (99, 6)])
def test_a_limit_leaves_all_gold_and_one_other_at_least(limit, chunks):
    (first, second) = Augmentation(limit=limit)(GROUP, random.Random(1), words)
    assert len(first.chunks) == chunks
    assert [e.chunks[e.gold[0][0]].text for e in (first, second)] == [CHUNKS[1].text, CHUNKS[4].text]


@pytest.mark.parametrize("wrong", [{"title_dropout": 1.1}, {"chunk_dropout": -0.1}, {"recut": 2}])
def test_a_share_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Augmentation(**wrong)


@given(st.text("ab c\n", max_size=80), st.integers(2, 30), st.data())
def test_pieces_are_short_and_leave_out_blanks_alone(text, length, data):
    found = pieces(text, length, data.draw(st.integers(0, length // 3)))
    assert all(start <= end <= start + length for start, end in found)
    covered = {i for start, end in found for i in range(start, end)}
    assert all(i in covered or text[i].isspace() for i in range(len(text)))


def test_gold_is_in_each_new_chunk_that_has_half_of_it():
    text = "one two three four five six seven eight nine ten"
    at = text.find("five six")
    made = recut(Example("?", [Chunk("-"), Chunk(text, title="T")], [(1, at, at + 8)]), 24, 8)
    held = [made.chunks[chunk].text[start:end] for chunk, start, end in made.gold]
    assert {c.title for c in made.chunks} == {"", "T"}
    assert "five six" in held
    assert all(part in "five six" and 2 * len(part) >= 8 for part in held)


def test_lists_are_cut_anew_at_one_length():
    long = Chunk("word " * 600)
    (made,) = Augmentation(recut=1.0)([Example("?", [long], [(0, 0, 4)])], random.Random(0), words)
    assert len(made.chunks) > 2
    assert max(len(c.text) for c in made.chunks) <= 1200
    assert made.chunks[made.gold[0][0]].text[made.gold[0][1] : made.gold[0][2]] == "word"
