from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, CompressedContext, SemToken
from semtoken_rag.explain import explain
from semtoken_rag.strategy.registry import PAPER_STRATEGIES, STRATEGIES
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Granularity
from tests.explain.samples import DOCUMENTS, QUESTION, call
from tests.support.samples import words

TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


LONG = Chunk(
    "The iron tower was opened by the engineer in the spring of 1889, and it has been painted by hand every "
    "seven years since then by the same five men and women of the town.",
    title="Long",
)


def partly() -> CompressedContext:
    """Compress so that a sentence is kept in part, others whole, and others not."""
    return call([LONG, *DOCUMENTS], "When was the iron tower opened?", max_tokens=20)


def test_every_document_is_there_in_the_order_of_the_call_also_where_nothing_is_kept():
    said = explain(call(max_tokens=25))
    assert [d.text for d in said.documents] == [chunk.text for chunk in DOCUMENTS]
    assert [d.name for d in said.documents] == ["Dijon", "Bread", "The iron tower", "Gustave Eiffel"]
    assert any(d.tokens_after == 0 for d in said.documents)
    assert sum(d.tokens_after for d in said.documents) <= said.stats.tokens_after


def test_what_is_shown_as_kept_is_what_was_passed_on():
    context = partly()
    said = explain(context)
    assert {u.granularity for u in said.units} == set(Granularity)
    for document in said.documents:
        kept = next((c.text for c in context.chunks if c.index == document.number - 1), "")
        parts = [document.text[slice(*u.part)] for u in document.units]
        assert kept.replace("…", " ").split() == [word for part in parts for word in part.split()]


def test_the_best_score_is_darkest_and_the_worst_lightest():
    said = explain(call(max_tokens=65))
    ranked = sorted(said.units, key=lambda u: u.scores["score"])
    shades = [u.shade for u in ranked]
    assert shades == sorted(shades)
    assert (shades[0], shades[-1]) == (0, 9)


def test_a_part_costs_its_share_of_the_unit():
    units = list(explain(partly()).units)
    part = next(u for u in units if u.granularity == Granularity.COARSE)
    assert 0 < part.part_cost <= part.cost
    assert all(u.part_cost == u.cost for u in units if u.granularity == Granularity.FINE)
    assert all(u.part_cost == 0 for u in units if u.granularity == Granularity.DROPPED)


def test_unchanged_input_is_one_kept_unit_a_document():
    said = explain(call(ratio=1.0))
    assert [(u.granularity, u.scores, u.reason) for u in said.units] == [(Granularity.FINE, {}, None)] * 4
    assert [u.part for u in said.units] == [(0, len(chunk.text)) for chunk in DOCUMENTS]


def test_a_document_without_a_title_goes_by_its_id_or_its_number():
    said = explain(call([Chunk("One. Two.", id="a"), Chunk("Three. Four.")], "two?", ratio=0.5))
    assert [d.name for d in said.documents] == ["a", "Document 2"]


@pytest.mark.parametrize("strategy", sorted([*STRATEGIES, *PAPER_STRATEGIES]))
@pytest.mark.parametrize("query", [QUESTION, ""])
def test_any_strategy_can_be_explained(strategy, query):
    made = SemToken(encoder=HashEncoder(), strategy=strategy, token_counter=words, on_error="raise")
    context = made.compress(DOCUMENTS, query, ratio=0.4)
    units = list(explain(context).units)
    assert [u.number for u in units] == list(range(len(context.units)))
    assert all(str(u.reason).startswith(("Kept", "Dropped")) for u in units)


def test_a_call_that_fails_is_explained_as_the_cut_that_it_is():
    def broken(problem):
        raise RuntimeError("no")

    context = SemToken(encoder=HashEncoder(), strategy=broken).compress(DOCUMENTS, QUESTION, ratio=0.3)
    said = explain(context)
    assert said.stats.fallback
    assert {u.granularity for u in said.units} >= {Granularity.FINE, Granularity.DROPPED}


@given(st.lists(st.tuples(TEXT, TEXT), max_size=4), TEXT, st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_units_are_in_order_inside_their_document_and_their_parts_inside_them(texts, query, budget):
    made = SemToken(encoder=HashEncoder(), token_counter=words, on_error="raise")
    said = explain(made.compress([Chunk(t, title=n) for t, n in texts], query, max_tokens=budget))
    assert len(said.documents) == len(texts)
    for document in said.documents:
        end = 0
        for unit in document.units:
            assert end <= unit.start <= unit.part[0] <= unit.part[1] <= unit.end <= len(document.text)
            end = unit.end
