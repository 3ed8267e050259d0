"""The invariants of the engine as properties, over every encoder and strategy."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, Config, Granularity, SemToken
from semtoken_rag.paper.algorithm1 import PaperStrategy
from semtoken_rag.strategy.registry import PAPER_STRATEGIES, STRATEGIES
from semtoken_rag.testing import HashEncoder, check_context
from semtoken_rag.text.encodable import encodable

ENCODERS = {"static": "static", "hash": HashEncoder()}
OPTIONS = PaperStrategy(tau=0.2, delta=0.3, query_threshold=-0.5, stride=2, bin_width=0.1, whole_words=False)
RULES = {**{name: name for name in [*STRATEGIES, *PAPER_STRATEGIES]}, "paper-options": OPTIONS}
ENGINES = [
    pytest.param(SemToken(encoder=encoder, strategy=rule, on_error="raise"), id=f"{name}-{strategy}")
    for name, encoder in ENCODERS.items()
    for strategy, rule in RULES.items()
]
ENGINES.append(
    pytest.param(SemToken(encoder="static", store="memory://", on_error="raise"), id="static-semtoken-stored")
)
WORDS = st.sampled_from(
    ["Paris", "is", "1889", "3.5 kg", "not", "the", "tower.", "Tower!", "\n", "\n\n", "- item", "a | b | c",
     "x | y", "def f():", "```", "{", "}", "\u4f60\u597d\u3002", "\u0645\u0631\u062d\u0628\u0627",
     "\U0001f600", "e\u0301", "\x00", "\ud800", "\u200b", "\u00a0", "co\ufb01", "key: value"]
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(WORDS, max_size=30).map(" ".join),
    st.text(st.characters(codec=None), max_size=80),
)
CHUNKS = st.lists(st.builds(Chunk, TEXTS, title=st.one_of(st.just(""), TEXTS)), max_size=5)
COUNTERS = {"words": lambda text: len(text.split()), "chars": len, "none": None}
relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("engine", ENGINES)
@relaxed
@given(chunks=CHUNKS, query=st.one_of(st.none(), TEXTS), limit=st.integers(1, 60))
def test_budget_and_offsets_hold(engine, chunks, query, limit):
    before = copy.deepcopy(chunks)
    context = engine.compress(chunks, query, max_tokens=limit)
    assert chunks == before
    check_context(context, chunks, limit, engine.counter.count)
    assert context.stats.fallback is None


@pytest.mark.parametrize("counter", COUNTERS)
@relaxed
@given(chunks=CHUNKS, query=TEXTS, ratio=st.floats(0.01, 1.0))
def test_ratio_holds_for_any_counter(counter, chunks, query, ratio):
    engine = SemToken(encoder="static", token_counter=COUNTERS[counter], on_error="raise")
    context = engine.compress(chunks, query, ratio=ratio)
    count = engine.counter.count
    total = sum(count(c.text) for c in chunks)
    if ratio < 1:
        assert sum(count(c.text) for c in context.chunks) <= ratio * total
        assert count(context.text) <= ratio * total
    else:
        assert [c.text for c in context.chunks] == [c.text for c in chunks]


@pytest.mark.parametrize("engine", ENGINES)
@relaxed
@given(chunks=CHUNKS, query=TEXTS, limit=st.integers(1, 60))
def test_same_input_same_output(engine, chunks, query, limit):
    first = engine.compress(chunks, query, max_tokens=limit)
    engine.compress([*chunks, "Something else came between."], "What?", max_tokens=3)
    again = engine.compress(chunks, query, max_tokens=limit)
    assert first.text == again.text
    assert [c.pieces for c in first.chunks] == [c.pieces for c in again.chunks]


@pytest.mark.parametrize("engine", ENGINES)
@relaxed
@given(chunks=CHUNKS, query=TEXTS)
def test_enough_budget_changes_nothing(engine, chunks, query):
    context = engine.compress(chunks, query, max_tokens=1_000_000)
    assert [c.text for c in context.chunks] == [c.text for c in chunks]
    assert [(p.start, p.end) for c in context.chunks for p in c.pieces] == [(0, len(c.text)) for c in chunks]


class Broken(HashEncoder):
    def encode(self, texts, titles):
        raise RuntimeError("no")


def test_a_failure_returns_the_originals_cut_to_the_budget():
    context = SemToken(encoder=Broken()).compress(
        ["One two. Three four.", "Five six."], "Five?", max_tokens=7
    )
    assert context.text == "One two. Three four."
    assert context.stats.fallback == "RuntimeError: no"
    assert context.stats.tokens_after == 6
    with pytest.raises(RuntimeError, match="no"):
        SemToken(encoder=Broken(), on_error="raise").compress(["One two. Three four."], "Five?", max_tokens=3)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({"max_tokens": 0}, "got 0"),
        ({"max_tokens": 1.5}, "got 1.5"),
        ({"ratio": 0}, "got 0"),
        ({"ratio": 1.01}, "got 1.01"),
        ({"ratio": float("nan")}, "got nan"),
        ({}, "neither"),
    ],
)
def test_bad_budgets_show_the_value(arguments, shown):
    with pytest.raises(ValueError, match=shown):
        SemToken(encoder="static").compress(["x"], "y", **arguments)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({"encoder": ""}, "got ''"),
        ({"strategy": "best"}, "got 'best'"),
        ({"on_error": "ignore"}, "got 'ignore'"),
        ({"token_counter": 3}, "got 3"),
    ],
)
def test_bad_settings_show_the_value(arguments, shown):
    with pytest.raises(ValueError, match=shown):
        SemToken(**{"encoder": "static", **arguments})


@pytest.mark.parametrize("chunks", ["a single text", [3], [b"bytes"], [None]])
def test_content_that_is_no_text_is_refused(chunks):
    with pytest.raises(ValueError, match="str"):
        SemToken(encoder="static").compress(chunks, "q", max_tokens=5)


@pytest.mark.parametrize(
    "text", ["a" * 5_000_000, "\x00" * 100 + "b. " * 50, "\ud800 " * 100, "word " * 200_000]
)
def test_hostile_documents_stay_within_the_budget(text):
    engine = SemToken(encoder="static", token_counter=len, on_error="raise")
    context = engine.compress([text, "A short true sentence."], "What is true?", max_tokens=40)
    assert len(context.text) <= 40
    assert "A short true sentence." in context.text


def test_floor_ceiling_and_order():
    chunks = ["Alpha beta gamma. Delta.", "Cats sleep. Dogs bark.", "Rivers run. Seas wait."]
    base = {"encoder": "static", "token_counter": lambda t: len(t.split())}
    spread = SemToken(**base, config=Config(min_chunk_tokens=1)).compress(
        chunks, "Do dogs bark?", max_tokens=7
    )
    assert {c.index for c in spread.chunks} == {0, 1, 2}
    assert spread.chunks[-1].index == 1
    capped = SemToken(**base, config=Config(max_chunk_tokens=2)).compress(
        chunks, "Do dogs bark?", max_tokens=6
    )
    assert max(c.tokens_after for c in capped.chunks) <= 2
    best = SemToken(**base, config=Config(order="relevance")).compress(chunks, "Do dogs bark?", max_tokens=6)
    assert best.chunks[0].index == 1


def test_a_table_row_brings_its_header():
    table = "Name | Born\nAda | 1815\nAlan | 1912\nGrace | 1906"
    context = SemToken(encoder="static").compress([table], "When was Alan born?", max_tokens=7)
    assert context.text == "Name | Born\nAlan | 1912"


def test_coarse_never_cuts_a_number_or_a_negation():
    text = (
        "The committee did not approve the loan of 12.5 million euros "
        "for the new harbour bridge project this year"
    )
    for limit in range(2, 20):
        context = SemToken(encoder="static").compress([text], "How large was the loan?", max_tokens=limit)
        assert all(u.granularity != Granularity.FINE for u in context.units) or context.text == text
        kept = context.text
        assert ("12.5" in kept) == ("million" in kept)
        assert "approve" not in kept or "not approve" in kept


def test_cite_finds_the_source():
    chunks = [Chunk("Paris is old. The tower  opened\nin 1889, they say.", id="a"), "Nothing here."]
    context = SemToken(encoder="static").compress(chunks, "When did the tower open?", max_tokens=100)
    [(name, start, end)] = context.cite("the tower opened in 1889")
    assert (name, chunks[0].text[start:end]) == ("a", "The tower  opened\nin 1889")
    assert context.cite("I think the tower opened in 1889 maybe") == [("a", start, end)]
    assert context.cite("a green submarine") == []
    assert context.cite("") == []


@pytest.mark.parametrize("ids", [[None, "0"], ["1", None, "#1"], [None, "#0", None, "0", "2", "#2"]])
@pytest.mark.parametrize("ratio", [0.9, 1.0])
def test_a_citation_leads_to_one_chunk_whatever_the_ids_are(ids, ratio):
    texts = [
        f"The {word} tower opened in 1889."
        for word in ("first", "second", "third", "fourth", "fifth", "last")
    ]
    chunks = [Chunk(text, id=name) for name, text in zip(ids, texts, strict=False)]
    context = SemToken(encoder="static").compress(chunks, "Which tower?", ratio=ratio)
    for kept in context.chunks:
        assert kept.chunk.id in (None, kept.id)
        [(name, start, end)] = context.cite(kept.text)
        [found] = [other for other in context.chunks if other.id == name]
        assert found is kept
        assert found.chunk.text[start:end] == kept.text.rstrip(".")


def test_lone_surrogates_keep_their_place():
    assert encodable("a\ud800b") == "a\ufffdb"


@pytest.mark.parametrize("strategy", RULES.values(), ids=RULES)
def test_a_protected_match_is_never_cut(strategy):
    text = " ".join(f"word{i} blue green" for i in range(30)) + " ticket ABC DEF GHI closed."
    engine = SemToken(encoder="static", strategy=strategy, config=Config(protect=("ABC DEF GHI",)))
    for limit in range(1, 40):
        kept = engine.compress([text], "ABC GHI ticket", max_tokens=limit).text
        assert ("ABC" in kept) == ("GHI" in kept) == ("DEF" in kept)
