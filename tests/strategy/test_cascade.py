"""Cascade: the dear encoder sees what the cheap one leaves, and offsets stay those of the chunk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.budget import TokenCounter
from semtoken_rag.stages.segment import build_units
from semtoken_rag.strategy.base import Problem
from semtoken_rag.strategy.cascade import CascadeStrategy
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.strategy.lead import LeadStrategy
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Chunk, Encoding, Granularity, Query, Selection, Tokens

PROSE = [
    "Rain fell all day. The tower opened in 1889! Cats sleep.",
    "",
    "Bread is baked from flour. Birds sing in the morning.",
]
TEXTS = [
    PROSE[0],
    "",
    "name | year\ntower | 1889\nbridge | 1902\nBread is baked from flour. Birds sing in the morning.",
]
QUESTION = "When was the tower opened"


class Dear(HashEncoder):
    """Remembers what it was asked to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "dear"
        self.seen: list[str] = []
        self.titles: list[str] = []

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        self.seen += texts
        self.titles += titles
        return super().encode(texts, titles)


class Watching:
    """Decides as the default does, and remembers the problem."""

    def __call__(self, problem: Problem) -> Selection:
        self.problem = problem
        return SemTokenStrategy()(problem)


def posed(texts: Sequence[str], budget: int, question: str = QUESTION) -> Problem:
    chunks = [Chunk(text, title=f"Title {i}") for i, text in enumerate(texts)]
    encoder = HashEncoder()
    *encodings, asked = encoder.encode([*texts, question], [*(c.title for c in chunks), ""])
    tokens = Tokens.concatenate(encodings)
    units = build_units(chunks, tokens)
    return Problem(
        chunks=chunks,
        tokens=tokens,
        units=units,
        query=Query(question, asked) if len(asked.ids) else None,
        cost=units.tokens[:, 1] - units.tokens[:, 0],
        budget=budget,
        counter=TokenCounter.of(None, encoder.count),
        encoder=encoder.name,
    )


def test_the_dear_encoder_sees_only_what_the_first_pass_keeps():
    dear, problem = Dear(), posed(PROSE, 6)
    CascadeStrategy(dear, keep=0.3)(problem)
    *texts, asked = dear.seen
    assert asked == QUESTION
    assert "The tower opened in 1889!" in texts[0]
    assert "Cats" not in "".join(texts)
    assert sum(map(dear.count, texts)) <= max(12, 0.3 * problem.cost.sum())


def test_the_dear_encoder_sees_every_row_of_a_table():
    dear = Dear()
    CascadeStrategy(dear, keep=0.01)(posed(TEXTS, 4))
    assert dear.seen[2].split() == ["name", "|", "year", "tower", "|", "1889", "bridge", "|", "1902"]


def test_an_emptied_chunk_shows_no_title():
    dear = Dear()
    CascadeStrategy(dear, keep=0.01)(posed(PROSE, 4))
    assert dear.titles == ["Title 0", "", "", ""]


def test_tokens_of_the_second_pass_point_into_the_chunks_own_texts():
    watching = Watching()
    CascadeStrategy(Dear(), keep=0.6, second=watching)(posed(TEXTS, 8))
    problem = watching.problem
    assert problem.encoder == "dear"
    assert 0 < len(problem.units) < 8
    for unit in range(len(problem.units)):
        own = slice(*problem.units.tokens[unit])
        text = problem.chunks[problem.units.chunk[unit]].text
        words = [text[a:b] for a, b in problem.tokens.offsets[own]]
        assert "".join(words) == "".join(problem.text(unit).split())
        assert len(words) == problem.cost[unit]


def test_a_row_keeps_its_header_in_the_second_pass():
    watching = Watching()
    CascadeStrategy(Dear(), keep=0.9, second=watching)(posed([TEXTS[2] + " Rain fell."], 8))
    units = watching.problem.units
    header, row = (units.chars[:, 0].tolist().index(TEXTS[2].index(word)) for word in ("name", "tower"))
    assert units.parent[row] == header
    assert units.parent[header] == -1


def test_the_second_pass_decides():
    problem = posed(TEXTS, 14)
    got = CascadeStrategy(Dear(), keep=0.9, second=LeadStrategy())(problem)
    fine = [problem.text(i) for i in np.flatnonzero(got.granularity == Granularity.FINE)]
    assert fine[:2] == ["Rain fell all day.", "The tower opened in 1889!"]
    assert got.order.tolist() == sorted(got.order.tolist())


def test_pruned_units_score_below_all_others():
    dear, problem = Dear(), posed(TEXTS, 6)
    got = CascadeStrategy(dear, keep=0.3)(problem)
    seen = np.array([any(problem.text(i) in text for text in dear.seen) for i in range(len(problem.units))])
    assert seen.any()
    assert not seen.all()
    assert got.scores["score"][~seen].max() <= got.scores["score"][seen].min()


def test_without_a_question_the_second_pass_sees_every_unit():
    dear = Dear()
    CascadeStrategy(dear, keep=0.1)(posed(TEXTS, 6, question=""))
    assert dear.seen == [" ".join(TEXTS[0].split()) + " ", "", TEXTS[2].replace("\n", " ") + " "]


def test_where_no_unit_fits_the_first_pass_cuts_the_best_one():
    dear = Dear()
    text = "The tower opened in the year 1889, and " + ", and ".join(["it is painted by hand every year"] * 4)
    problem = posed([text], 9)
    got = CascadeStrategy(dear, keep=0.01)(problem)
    assert dear.seen == []
    assert got.granularity.tolist() == [Granularity.COARSE]
    [(start, end)] = got.chars.tolist()
    assert problem.counter.count(problem.chunks[0].text[start:end]) <= 9
    assert text[start:end] == "The tower opened in the year 1889,"


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(
        st.lists(
            st.sampled_from(
                ["tower", "1889.", "Rain!", "\n", "a | b", "\n\n", "- x", "你好。", "\x00", "\ud800"]
            )
        ).map(" ".join),
        min_size=1,
        max_size=4,
    ),
    budget=st.integers(1, 30),
    keep=st.floats(0.01, 1),
    question=st.sampled_from([QUESTION, ""]),
)
def test_never_over_budget_for_any_input(texts, budget, keep, question):
    problem = posed(texts, budget, question)
    got = CascadeStrategy(Dear(), keep=keep)(problem)
    kept = np.flatnonzero(got.granularity > Granularity.DROPPED)
    assert sorted(got.order.tolist()) == kept.tolist()
    places = zip(problem.units.chunk[kept], got.chars[kept], strict=True)
    assert sum(problem.counter.count(problem.chunks[c].text[a:b]) for c, (a, b) in places) <= budget
    assert {len(values) for values in got.scores.values()} == {len(problem.units)}


@pytest.mark.parametrize("texts", [[""], ["", " \n"]])
def test_without_units_nothing_is_selected(texts):
    assert len(CascadeStrategy(Dear())(posed(texts, 5)).order) == 0
