from __future__ import annotations

import re

import numpy as np
import pytest

from semtoken_rag import Chunk, SemToken
from semtoken_rag.explain import explain
from semtoken_rag.types import Granularity, Selection
from tests.explain.samples import DOCUMENTS, call, hostile
from tests.support.samples import words

TEN = [Chunk(f"Sentence number {n} stands here.", title=f"Title {n}") for n in range(10)]


def reasons(context) -> dict[str, str]:
    """Reason of each unit by its text."""
    said = explain(context)
    return {d.text[u.start : u.end]: str(u.reason) for d in said.documents for u in d.units}


def decided(chunks, keep, scores=None, bridged_from=None, **kwargs):
    """Explain a call in which exactly the units ``keep`` are chosen, in that order."""

    def strategy(problem):
        granularity = np.zeros(len(problem.units), np.int64)
        granularity[keep] = Granularity.FINE
        score = np.array(scores or [0.0] * len(granularity), np.float32)
        return Selection(
            granularity,
            np.array(keep),
            problem.units.chars.copy(),
            {"score": score},
            bridged_from=bridged_from or {},
            **kwargs,
        )

    made = SemToken(encoder="static", strategy=strategy, token_counter=words, on_error="raise")
    return reasons(made.compress(chunks, "number", ratio=0.9))


def test_a_bridge_names_the_words_and_the_document_that_has_them():
    said = reasons(call(max_tokens=40))
    assert said["He came into the world in Dijon in 1832, as the first of three children."] == (
        "Kept because it explains Gustave Eiffel, named in document 3."
    )


@pytest.mark.parametrize("strategy", ["semtoken", "cascade"])
def test_a_bridge_leads_to_the_unit_that_lends(strategy):
    said = explain(call(max_tokens=40, strategy=strategy))
    units = {u.number: d for d in said.documents for u in d.units}
    bridged = [u for u in said.units if u.reason.quoted]
    assert bridged
    for unit in bridged:
        bridged_from = next(u for u in said.units if u.number == unit.reason.unit)
        assert bridged_from.granularity > Granularity.DROPPED
        assert units[bridged_from.number].number != units[unit.number].number
        text = units[bridged_from.number].text[bridged_from.start : bridged_from.end]
        assert f"document {units[bridged_from.number].number}" in unit.reason.after
        assert unit.reason.quoted in text + units[unit.number].text


def test_no_two_units_owe_their_place_to_each_other():
    units = call(max_tokens=60).units
    lent = {number: unit.bridged_from for number, unit in enumerate(units) if unit.bridged_from >= 0}
    assert lent
    assert all(lent.get(bridged_from) != number for number, bridged_from in lent.items())


def test_what_would_be_kept_without_its_bridge_is_not_said_to_be_kept_for_it():
    tight, ample = reasons(call(max_tokens=40)), reasons(call(max_tokens=90))
    told = "He came into the world in Dijon in 1832, as the first of three children."
    assert "explains" in tight[told]
    assert "explains" not in ample[told]
    assert "Kept at place" in ample[told]


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        (
            [Chunk("Ada met Rosa Blum."), Chunk("She sang at night.", title="Rosa Blum"), *TEN],
            "Kept because it explains Rosa Blum, named in document 1.",
        ),
        (
            [Chunk("It opens in May.", title="Rosa Blum"), Chunk("Some heard Rosa Blum there."), *TEN],
            "Kept because it mentions Rosa Blum, which document 1 is about.",
        ),
        (
            [Chunk("The quartz mine closed."), Chunk("A quartz mine may flood."), *TEN],
            "Kept because it shares quartz mine with document 1.",
        ),
        (
            [Chunk("One thing."), Chunk("Another matter."), *TEN],
            "Kept because of what it has in common with document 1.",
        ),
    ],
)
def test_the_tie_is_a_title_that_is_named_or_words_in_common(chunks, said):
    keep = [0, 1]
    assert decided(chunks, keep, bridged_from={1: 0})[chunks[1].text] == said


def test_words_of_the_question_tie_nothing_together():
    chunks = [Chunk("A number is odd."), Chunk("That number was even."), *TEN]
    said = decided(chunks, [0, 1], bridged_from={1: 0})[chunks[1].text]
    assert said == "Kept because of what it has in common with document 1."


def test_a_strategy_of_ones_own_gives_its_own_reason():
    assert decided(TEN, [3], reasons={3: "it is the third"})[TEN[3].text] == "Kept: it is the third."


def test_a_place_counts_by_score_and_says_why_the_unit_did_not_make_it():
    scores = [float(-n) for n in range(10)]
    said = decided(TEN, [0, 2], scores)
    assert said[TEN[0].text] == "Kept at place 1 of 10 by score."
    assert (
        said[TEN[1].text] == "Dropped at place 2 of 10 by score: its 5 tokens did not fit when its turn came."
    )
    assert said[TEN[9].text] == "Dropped at place 10 of 10 by score: the budget was spent before."


def test_a_place_by_score_for_its_length_says_so():
    chunks = [Chunk("Short one here."), Chunk("This one is much longer than the other one is.")]
    said = decided(chunks, [0], [0.0, 0.1], cost_exponent=1.0)
    assert said[chunks[0].text] == "Kept at place 1 of 2 by score for its length."


def test_what_a_promise_does_not_take_was_not_dropped_for_want_of_room():
    context = call(ratio=1, keep=0.5)
    assert context.stats.cut_by == "keep"
    dropped = [reason for reason in reasons(context).values() if reason.startswith("Dropped")]
    assert dropped
    for reason in dropped:
        assert re.fullmatch(
            r"Dropped at place \d+ of 11 by score for its length: "
            r"what was kept before suffices for keep=0\.5\.",
            reason,
        )


def test_a_bound_that_cuts_before_the_promise_is_reached_spends_the_budget():
    context = call(max_tokens=20, keep=0.99)
    assert context.stats.cut_by == "max_tokens"
    assert not [reason for reason in reasons(context).values() if "keep=" in reason]


def test_a_double_points_to_the_one_that_is_kept():
    chunks = [*DOCUMENTS, Chunk("Six million people climb it in a year. Elephants sleep.", title="Copy")]
    context = call(chunks, "How many people climb it in a year?", max_tokens=20)
    said = explain(context)
    copies = [u for u in said.units if u.group >= 0]
    assert len(copies) == 2
    gone = next(u for u in copies if u.granularity == Granularity.DROPPED)
    kept = next(u for u in copies if u.granularity == Granularity.FINE)
    assert str(gone.reason) in {
        f"Dropped because document {n} says the same and is kept." for n in (3, len(chunks))
    }
    assert gone.reason.unit == kept.number


def test_a_header_row_is_kept_for_its_rows():
    table = "| city | river |\n| --- | --- |\n| Dijon | Ouche |\n| Paris | Seine |\n| Lyon | Rhone |"
    said = reasons(call([table], "Which river is at Lyon?", ratio=0.6))
    assert said["| city | river |\n| --- | --- |"] == "Kept because it heads what is kept below it."


def test_every_unit_of_hostile_texts_has_a_reason():
    assert all(text and reason != "None" for text, reason in reasons(hostile()).items())
