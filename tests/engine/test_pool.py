"""BudgetPool: one total for several questions, never exceeded, shared where a token gains the most."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.pool import BudgetPool
from semtoken_rag.stages.answerable import SIGNS
from semtoken_rag.stages.calibration import Calibration, version_of
from semtoken_rag.strategy import Problem
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Selection
from tests.support.samples import BREAD, PARIS, QUERY, ROME, TEXTS, words

LAMP = (
    "The red lamp went out in 1889. It rained that day. Crowds came from far. The mayor spoke for an hour. "
    "A band played in the rain. Nobody had an umbrella. The bread was gone by noon."
)
MILL = (
    "Mara kept bees behind the mill. Her sister sold rope. A letter from the north came late. "
    "The keeper had three sons. They went to sea in autumn. The winter was long. The roof let the snow in."
)
CALLS: list[tuple[list[Any], str | None]] = [
    ([PARIS, BREAD, ROME], QUERY),
    ([Chunk(LAMP, title="Lamp", headings=("Harbour",))], "When did the red lamp go out?"),
    ([MILL, Chunk(ROME, overhead=5)], "Why did the keeper leave the mill?"),
    ([BREAD], None),
    ([MILL, LAMP], "  "),
    ([], "Who sold rope?"),
]
points = st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), max_size=8)
CURVES = st.lists(
    points.map(
        lambda found: tuple(zip(sorted({t for t, _ in found}), sorted(c for _, c in found), strict=False))
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def engine() -> SemToken:
    return SemToken(encoder="static", token_counter=words, on_error="raise")


def texts(found: list[Any]) -> list[str]:
    return [context.text for context in found]


@settings(deadline=None)
@given(curves=CURVES, tokens=st.integers(5, 200))
def test_shares_add_up_to_the_total_at_most(curves, tokens):
    shares = BudgetPool(tokens).shares(curves)
    assert sum(shares) <= tokens
    assert min(shares) >= 1
    assert shares == BudgetPool(tokens).shares(copy.deepcopy(curves))
    turned = BudgetPool(tokens).shares(curves[::-1])
    assert sorted(zip(map(tuple, curves), shares, strict=True)) == sorted(
        zip(map(tuple, curves[::-1]), turned, strict=True)
    )


@settings(deadline=None)
@given(curves=CURVES, tokens=st.integers(6, 200))
def test_a_call_without_a_curve_gets_an_even_share(curves, tokens):
    shares = BudgetPool(tokens).shares([(), *curves])  # what nobody asked for comes on top
    assert shares[0] >= tokens // (len(curves) + 1)


def test_the_steepest_gain_comes_first():
    easy, hard = [(10, 0.9), (40, 0.95)], [(10, 0.1), (30, 0.6)]
    assert BudgetPool(10).shares([easy, hard]) == [9, 1]  # nothing fits: the rest to the steepest
    assert BudgetPool(11).shares([easy, hard]) == [10, 1]
    assert BudgetPool(40).shares([easy, hard]) == [10, 30]
    assert BudgetPool(70).shares([easy, hard]) == [40, 30]
    assert BudgetPool(80).shares([easy, hard]) == [45, 35]
    for tokens in range(12, 200):
        assert BudgetPool(tokens).shares([hard, easy]) == BudgetPool(tokens).shares([easy, hard])[::-1]


def test_a_step_that_does_not_fit_lets_smaller_ones_by():
    long, short = [(100, 1.0)], [(10, 0.05)]
    assert BudgetPool(50).shares([long, short]) == [40, 10]
    parted = [(30, 0.25), (100, 1.0)]
    assert BudgetPool(36).shares([parted, short]) == [35, 1]


def test_thousands_of_units_take_no_time():
    curve = [(n, n / 4000 - (n % 7) / 1e5) for n in range(10, 4000)]
    start = time.process_time()
    assert sum(BudgetPool(9000).shares([curve, curve, curve])) == 9000
    assert time.process_time() - start < 5


def test_equal_curves_without_chances_are_shared_evenly():
    assert BudgetPool(11).shares([(), (), ()]) == [3, 3, 3]


@pytest.mark.parametrize("tokens", [6, 7, 12, 25, 60, 100, 1000])
def test_the_total_holds_and_the_order_of_the_calls_does_not_matter(engine: SemToken, tokens: int):
    given = copy.deepcopy(CALLS)
    found = BudgetPool(tokens).compress(engine, given)
    assert given == CALLS
    assert sum(context.stats.tokens_after for context in found) <= tokens
    assert sum(words(context.text) for context in found) <= tokens
    assert texts(BudgetPool(tokens).compress(engine, tuple(CALLS))) == texts(found)
    assert texts(BudgetPool(tokens).compress(engine, CALLS[::-1])) == texts(found)[::-1]
    assert [(c.source, c.query) for c in found] == [
        (tuple(each if isinstance(each, Chunk) else Chunk(each) for each in chunks), (query or "").strip())
        for chunks, query in CALLS
    ]
    if tokens == 1000:
        assert [len(c.chunks) for c in found] == [len(chunks) for chunks, _ in CALLS]
        assert all(c.stats.cut_by is None for c in found)


@settings(deadline=None, max_examples=25)
@given(picked=st.lists(st.sampled_from(CALLS), min_size=1, max_size=4), more=st.integers(0, 80))
def test_any_calls_hold_the_total(engine: SemToken, picked, more):
    tokens = len(picked) + more
    found = BudgetPool(tokens).compress(engine, picked)
    assert sum(context.stats.tokens_after for context in found) <= tokens
    turned = BudgetPool(tokens).compress(engine, picked[::-1])
    assert sorted((c.query, c.text) for c in found) == sorted((c.query, c.text) for c in turned)


@pytest.mark.parametrize("tokens", [1, 9, 30, 500])
def test_one_call_alone_gets_the_total(engine: SemToken, tokens: int):
    for chunks, query in CALLS:
        (alone,) = BudgetPool(tokens).compress(engine, [(chunks, query)])
        assert alone.stats.tokens_after <= tokens
        assert alone.text == engine.compress(chunks, query, max_tokens=tokens).text


@pytest.mark.parametrize("fields", [{"encoder": HashEncoder()}, {"encoder": "static", "strategy": "lead"}])
@pytest.mark.parametrize("tokens", [6, 30, 90])
def test_without_chances_all_get_an_even_share(fields: dict[str, Any], tokens: int):
    engine = SemToken(**fields, token_counter=words, on_error="raise")
    found = BudgetPool(tokens).compress(engine, CALLS)
    even = tokens // len(CALLS)
    assert sum(context.stats.tokens_after for context in found) <= tokens
    for context, (chunks, query) in zip(found, CALLS, strict=True):
        least = engine.compress(chunks, query, max_tokens=even)
        assert context.stats.tokens_after >= least.stats.tokens_after


@dataclass(frozen=True)
class Told:
    """Keeps units in their order. What holds a year is wanted almost surely, all other units may be."""

    gives_chances: bool = True

    def __call__(self, problem: Problem) -> Selection:
        places = zip(problem.units.chunk.tolist(), problem.units.chars.tolist(), strict=True)
        units = [problem.chunks[chunk].text[start:end] for chunk, (start, end) in places]
        text = " ".join(units)
        low = 0.001 if "1889" in text else 0.3
        chance = np.array([0.999 if "1889" in unit else low for unit in units], np.float32)
        made = problem.keep(chance - 0.01 * np.arange(len(units), dtype=np.float32))
        return replace(made, scores={**made.scores, "probability": chance})


@pytest.fixture
def told(tmp_path: Path) -> SemToken:
    """Takes the chances from the text, so that they do not change with what was fitted."""
    name, file = "static:static", tmp_path / "told.json"
    made = Calibration(name, version_of(name), np.zeros(99), (-3.0, 2.0), (0.0,) * (len(SIGNS) + 1))
    made.save(file)
    config = Config(calibration=file)
    return SemToken(encoder="static", token_counter=words, strategy=Told(), config=config, on_error="raise")


def test_an_easy_answer_gets_fewer_tokens_than_a_hard_one(told: SemToken):
    easy, hard = ([LAMP], "When did the red lamp go out?"), ([MILL], "Why did the keeper leave?")
    for tokens in (24, 36, 48):
        found = BudgetPool(tokens).compress(told, [easy, hard])
        assert "1889" in found[0].text
        assert found[0].stats.tokens_after < found[1].stats.tokens_after
        assert sum(c.stats.tokens_after for c in found) <= tokens
        even = [told.compress(*call, max_tokens=tokens // 2) for call in (easy, hard)]
        assert sum(c.stats.confidence for c in found) >= sum(c.stats.confidence for c in even)


def test_headings_and_what_the_prompt_adds_are_in_the_share(told: SemToken):
    easy = ([Chunk(LAMP, headings=("A harbour", "Its lamps"), overhead=6)], "When did the lamp go out?")
    found = BudgetPool(50).compress(told, [easy, ([MILL], "Why did the keeper leave?")])
    assert "1889" in found[0].text
    assert sum(c.stats.tokens_after for c in found) <= 50


class Counting:
    """Notes the bounds that an engine is asked for."""

    def __init__(self, engine: SemToken) -> None:
        self.engine = engine
        self.asked: list[dict[str, Any]] = []

    def compress(self, chunks: Any, query: Any, **bounds: Any) -> Any:
        self.asked.append(bounds)
        return self.engine.compress(chunks, query, **bounds)


def test_no_second_pass_for_what_fits(engine: SemToken):
    counting = Counting(engine)
    BudgetPool(1000).compress(counting, CALLS)
    assert counting.asked == [{"max_tokens": 1000}] * len(CALLS)
    counting.asked.clear()
    found = BudgetPool(40).compress(counting, [([BREAD[:30]], None), (list(TEXTS.values()), QUERY)])
    assert found[0].text == BREAD[:30]
    assert [bounds["max_tokens"] for bounds in counting.asked[:2]] == [40, 40]
    assert len(counting.asked) == 3
    assert counting.asked[2]["max_tokens"] < 40


@pytest.mark.parametrize("tokens", [0, -3, 1.5, True, "8", None])
def test_a_bad_total_is_named(tokens: Any):
    with pytest.raises(ValueError, match=f"tokens .*got {tokens!r}"):
        BudgetPool(tokens)


@pytest.mark.parametrize(
    ("calls", "shown"),
    [
        ([], r"\[\]"),
        ("ab", "'ab'"),
        (7, "7"),
        (None, "None"),
        (["ab"], "'ab' at 0"),
        ([([BREAD], QUERY), [BREAD]], r"\['Bread.* at 1"),
        ([([BREAD], QUERY, 9)], r"9\) at 0|Bread.* at 0"),
        ([(BREAD, QUERY)], "single str"),
        ([([BREAD], 7)], "7"),
        ([(5, QUERY)], "5 at 0"),
        ([([BREAD], QUERY)] * 4, "4"),
    ],
)
def test_bad_calls_are_named(engine: SemToken, calls: Any, shown: str):
    with pytest.raises(ValueError, match=f"got.*{shown}"):
        BudgetPool(3).compress(engine, calls)


def test_bad_curves_are_named():
    with pytest.raises(ValueError, match=r"curves .*got 0"):
        BudgetPool(3).shares([])
    with pytest.raises(ValueError, match=r"curves .*got 4"):
        BudgetPool(3).shares([()] * 4)


def test_more_tokens_never_take_from_an_even_share():
    for low, high in pairwise(range(3, 60)):
        assert BudgetPool(low).shares([()] * 3)[0] <= BudgetPool(high).shares([()] * 3)[0]
