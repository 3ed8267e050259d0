"""Copies: boilerplate that can be left out, and all that cannot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk
from semtoken_rag.corpus.copies import Copies, normalised_words
from semtoken_rag.corpus.novelty import CorpusNovelty
from semtoken_rag.stages.segment import segment
from semtoken_rag.text.atoms import atoms
from semtoken_rag.types import Units

pytest.importorskip("faiss")

NOTICE = "This page is for general information only."
POOL = (
    NOTICE,
    NOTICE.upper(),
    "It is closed.",
    "It is open.",
    "Take 5 mg.",
    "Take 50 mg.",
    "It is not open.",
)


def units_of(chunks: Sequence[Chunk]) -> Units:
    """Units of the chunks; `Copies` does not look at their tokens."""
    cut = [(i, s) for i, chunk in enumerate(chunks) for s in segment(chunk.text)]
    first = {i: sum(len(segment(c.text)) for c in chunks[:i]) for i in range(len(chunks))}
    chars = np.array([(s.start, s.end) for _, s in cut], np.int64).reshape(-1, 2)
    parent = np.array([-1 if s.parent < 0 else s.parent + first[i] for i, s in cut], np.int64)
    chunk = np.array([i for i, _ in cut], np.int64)
    return Units(chars, np.zeros_like(chars), chunk, parent, tuple(s.kind for _, s in cut))


def left_out(texts: Sequence[str], copies: Copies | None = None) -> list[str]:
    """Texts of the units that can be left out of the documents, one document a text."""
    chunks = [Chunk(text) for text in texts]
    units = units_of(chunks)
    copies = copies or Copies(CorpusNovelty.from_chunks(chunks))
    places = zip(units.chunk[found := copies(chunks, units)], units.chars[found], strict=True)
    return [texts[chunk][start:end] for chunk, (start, end) in places]


def test_all_but_the_first_copy_can_go():
    assert left_out([f"Day {i} was long. {NOTICE}" for i in range(6)]) == [NOTICE] * 5


def test_spelling_blanks_and_the_last_mark_do_not_make_a_difference():
    variants = [NOTICE, NOTICE.upper(), NOTICE.replace(" ", "  "), f"{NOTICE[:-1]}!", NOTICE[:-1]]
    assert left_out(variants) == variants[1:]


def test_what_few_documents_say_stays():
    assert left_out([NOTICE] * 4 + [f"Day {i} was long." for i in range(20)]) == []
    assert left_out([NOTICE] * 6 + [f"Day {i} was long." for i in range(700)]) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Take 5 mg of it a day.", "Take 50 mg of it a day."),
        ("It fell by 3 % in May.", "It fell by 3 ‰ in May."),
        ("It was signed on 4 March 1951.", "It was signed on 5 March 1951."),
        ("The hall belongs to Lovelace.", "The hall belongs to Babbage."),
        ("Smoking is allowed in the hall.", "Smoking is not allowed in the hall."),
        ("The connection was established.", "The connection was lost."),
        ("It is -5 degrees in the cellar.", "It is 5 degrees in the cellar."),
        ("Version v1.2 of the file.", "Version v12 of the file."),
        ("Lima beat Quito.", "Quito beat Lima."),
    ],
)
def test_a_template_with_another_fact_in_it_is_no_copy(one, other):
    texts = [one, other] * 6
    assert left_out(texts) == texts[2:]


def test_two_facts_that_happen_to_agree_are_no_boilerplate():
    people = [*range(20, 60), 32]
    assert left_out([f"At the 2006 census, its population was {n}, in 5 families." for n in people]) == []


def test_a_row_of_a_table_stays_and_its_header_with_it():
    tables = [
        f"| Year | 2019 | 2018 |\n|---|---|---|\n| Total | 0 | 0 |\n| Tax | {i} | 3 |" for i in range(8)
    ]
    assert left_out(tables) == []


def test_documents_may_come_one_by_one():
    texts = [f"Day {i} was long. {NOTICE}" for i in range(6)]
    novelty = CorpusNovelty.from_chunks([Chunk(text) for text in texts])
    copies = Copies(novelty)
    assert [left_out([text], copies) for text in texts] == [[], *[[NOTICE]] * 5]
    assert left_out(texts[3:4], Copies(novelty)) == []  # another one keeps a first of its own


def test_no_documents_and_no_units_have_no_copies():
    assert left_out([]) == left_out([""]) == []


@settings(deadline=None, max_examples=50)
@given(documents=st.lists(st.lists(st.sampled_from(POOL), min_size=1, max_size=4), max_size=40))
def test_nothing_that_is_said_is_lost(documents):
    texts = [" ".join(sentences) for sentences in documents]
    chunks = [Chunk(text) for text in texts]
    units = units_of(chunks)
    novelty = CorpusNovelty.from_chunks(chunks)
    gone = Copies(novelty)(chunks, units)
    said = [texts[c][a:b].lower() for c, (a, b) in zip(units.chunk, units.chars.tolist(), strict=True)]
    assert {s for s, copy in zip(said, gone, strict=True) if not copy} == set(said)
    np.testing.assert_array_equal(gone, Copies(novelty)(chunks, units))


@given(
    one=st.text("5.,:-% amnotMay", max_size=12),
    other=st.text("5.,:-% amnotMay", max_size=12),
)
def test_the_same_wording_has_the_same_atoms(one, other):
    def atoms_of(text: str) -> list[str]:
        found = [text[a:b] for a, b in atoms(text, 0, len(text))]
        return ["".join(f.lower().split()).rstrip(".,;:!-") for f in found]

    one, other = f"In May {one} it was not 5.", f"In May {other} it was not 5."
    if atoms_of(one) != atoms_of(other):
        assert normalised_words(one) != normalised_words(other)
