"""Budget: what a bound allows, and that every kind of counter counts the reader's tokens."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from semtoken_rag import Config, SemToken
from semtoken_rag.budget import Budget, TokenCounter
from semtoken_rag.pool import BudgetPool
from semtoken_rag.strategy import LeadStrategy
from semtoken_rag.testing import HashEncoder


@pytest.fixture
def tokenizer() -> Tokenizer:
    """Words of a text; puts [CLS] in front where special tokens are asked for."""
    made = Tokenizer(WordLevel({"[UNK]": 0, "[CLS]": 1, "tower": 2}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 1)])
    return made


@pytest.mark.parametrize(
    ("budget", "before", "expected"),
    [
        (Budget(max_tokens=8), 10, 8),
        (Budget(max_tokens=8), 5, 5),
        (Budget(ratio=0.25), 10, 2),
        (Budget(ratio=0.25), 3, 0),
        (Budget(ratio=1), 10, 10),
        (Budget(max_tokens=4, ratio=0.5), 10, 4),
        (Budget(max_tokens=6, ratio=0.5), 10, 5),
        (Budget(max_tokens=1, ratio=1.0), 0, 0),
    ],
)
def test_the_smaller_bound_holds_and_shares_round_down(budget, before, expected):
    assert budget.tokens(before) == expected


@settings(deadline=None)
@given(ratio=st.floats(0, 1, exclude_min=True), before=st.integers(0, 1_000_000))
def test_a_share_is_the_largest_whole_number_of_tokens_in_it(ratio, before):
    missing = ratio * before - Budget(ratio=ratio).tokens(before)
    assert -1e-6 <= missing < 1 + 1e-6


@settings(deadline=None)
@given(
    ratio=st.floats(0.001, 1),
    limit=st.integers(1, 10**6),
    before=st.integers(0, 10**6),
    more=st.integers(0, 9),
)
def test_more_input_never_lowers_the_budget(ratio, limit, before, more):
    budget = Budget(max_tokens=limit, ratio=ratio)
    assert budget.tokens(before) <= budget.tokens(before + more) <= limit


@pytest.mark.parametrize("value", [0, -3, 1.5, True, "8", float("inf")])
def test_bad_max_tokens_are_named(value):
    with pytest.raises(ValueError, match=f"max_tokens .*got {value!r}"):
        Budget(max_tokens=value)


@pytest.mark.parametrize("value", [0, -0.1, 1.01, True, "half", float("nan"), float("inf")])
def test_bad_ratios_are_named(value):
    with pytest.raises(ValueError, match=f"ratio .*got {value!r}"):
        Budget(ratio=value)


def test_no_bound_at_all_is_refused():
    with pytest.raises(ValueError, match="neither"):
        Budget()


def test_none_counts_with_the_encoder():
    counter = TokenCounter.of(None, HashEncoder().count)
    assert (counter.name, counter.count("to be, or not")) == ("estimate", 5)


def test_a_callable_counts_and_its_answer_becomes_an_int():
    counter = TokenCounter.of(lambda text: np.int64(len(text)), HashEncoder().count)
    assert (counter.name, counter.count("abc")) == ("callable", 3)
    assert type(counter.count("abc")) is int


def test_a_tokenizer_counts_without_special_tokens(tokenizer):
    assert len(tokenizer.encode("the tower").ids) == 3
    counter = TokenCounter.of(tokenizer, HashEncoder().count)
    assert (counter.name, counter.count("the tower")) == ("tokenizer", 2)


def test_a_transformers_tokenizer_counts_without_special_tokens(tokenizer):
    transformers = pytest.importorskip("transformers")
    wrapped = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]")
    assert len(wrapped.encode("the tower")) == 3
    counter = TokenCounter.of(wrapped, HashEncoder().count)
    assert (counter.name, counter.count("the tower")) == ("tokenizer", 2)


@pytest.fixture
def bytewise():
    tiktoken = pytest.importorskip("tiktoken")
    ranks = {bytes([i]): i for i in range(256)}
    return tiktoken.Encoding(
        "bytes", pat_str=r"\S+|\s+", mergeable_ranks=ranks, special_tokens={"<end>": 256}
    )


def test_a_tiktoken_encoding_counts_and_takes_special_tokens_for_text(bytewise):
    counter = TokenCounter.of(bytewise, HashEncoder().count)
    assert (counter.name, counter.count("é<end>")) == ("tiktoken", 7)


@pytest.mark.parametrize("text", ["", "\x00", "a \ud800 b", "\udfff", "你好。", "مرحبا", "हिन्दी"])
def test_no_counter_stumbles_over_odd_text(text, tokenizer, bytewise):
    def utf8(clean: str) -> int:
        return len(clean.encode())

    lengths = [TokenCounter.of(source, HashEncoder().count).count(text) for source in (utf8, bytewise)]
    assert lengths[0] == lengths[1] >= len(text)
    assert (TokenCounter.of(tokenizer, HashEncoder().count).count(text) > 0) == bool(text)


@pytest.mark.parametrize("source", [3, "gpt-4o", [len]])
def test_what_cannot_count_is_refused(source):
    with pytest.raises(ValueError, match=r"token_counter .*got"):
        TokenCounter.of(source, HashEncoder().count)


@pytest.mark.parametrize(
    "make",
    [list, tuple, np.array, lambda ids: np.array([ids]), lambda ids: SimpleNamespace(input_ids=ids)],
    ids=["list", "tuple", "array", "a row", "input_ids"],
)
@pytest.mark.parametrize("text", ["one", "to be or not"])
def test_the_tokens_of_a_text_count_as_many_as_they_are(make, text):
    def encode(given: str):
        return make([7] * len(given.split()))

    assert TokenCounter.of(encode, HashEncoder().count).count(text) == len(text.split())


def test_a_method_encode_counts_as_its_tokenizer_does(tokenizer, bytewise):
    for source, text in ((tokenizer, "the tower"), (bytewise, "é<end>")):
        counters = [TokenCounter.of(each, HashEncoder().count) for each in (source, source.encode)]
        assert counters[0].count(text) == counters[1].count(text) > 0


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_tokenizer_that_truncates_and_pads_counts_as_if_it_did_not_and_stays_as_it_is(tokenizer, wrapped):
    text = "the tower " * 20
    tokenizer.enable_truncation(6, stride=2)
    tokenizer.enable_padding(length=64)
    source = tokenizer
    if wrapped:
        transformers = pytest.importorskip("transformers")
        source = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]")
        tokenizer = source.backend_tokenizer
    before = tokenizer.truncation, tokenizer.padding
    counter = TokenCounter.of(source, HashEncoder().count)
    assert [counter.count(each) for each in (text, "tower", "")] == [40, 1, 0]
    assert (tokenizer.truncation, tokenizer.padding) == before
    assert before[0]["max_length"] == 6
    tokenizer.no_truncation()
    assert counter.count(text) == 40


def test_a_tokenizer_that_truncates_later_counts_the_same(tokenizer):
    counter = TokenCounter.of(tokenizer, HashEncoder().count)
    tokenizer.enable_truncation(3)
    assert counter.count("the tower " * 20) == 40


def fails(text: str) -> int:
    raise ConnectionError("no answer")


@pytest.mark.parametrize(
    ("counter", "told"),
    [
        (fails, "ConnectionError: no answer"),
        (lambda text: None, "ValueError: token_counter must return .* got None"),
        (lambda text: {"tokens": 3}, "ValueError: token_counter must return .* got {'tokens': 3}"),
        (lambda text: text, "ValueError: token_counter must return .* got 'The tower"),
        (lambda text: -1, "ValueError: token_counter must return .* got -1"),
        (lambda text: float("nan"), "ValueError: token_counter must return .* got nan"),
    ],
    ids=["raises", "None", "dict", "str", "negative", "nan"],
)
@pytest.mark.parametrize(
    "config", [Config(), Config(deadline=30), Config(max_calls=1)], ids=["plain", "deadline", "max_calls"]
)
def test_where_a_counter_fails_the_originals_are_cut_to_the_budget_in_bytes(counter, told, config):
    chunks = ["The tower opened in 1889. It rained that day.", "Bread is flour."]
    got = SemToken(encoder="static", token_counter=counter, config=config).compress(
        chunks, "tower", max_tokens=30
    )
    assert re.match(told, got.stats.fallback)
    assert (got.text, got.stats.counter) == ("The tower opened in 1889.", "bytes")
    with pytest.raises((ConnectionError, ValueError), match=told.partition(": ")[2]):
        SemToken(encoder="static", token_counter=counter, on_error="raise").compress(chunks, max_tokens=30)


@pytest.mark.parametrize("counts", [[1], [1, 1, 1]])
def test_as_many_counts_as_texts_are_needed(counts):
    counter = TokenCounter.of(SimpleCounter(lambda texts: counts), len)
    with pytest.raises(ValueError, match=rf"^count_all must return 2 numbers, got {len(counts)}$"):
        counter.count_all(["One.", "Two."])


def test_a_count_all_that_is_no_method_is_left_alone():
    assert TokenCounter.of(SimpleCounter(5), len).count_all(["One two.", ""]) == [2, 0]


class SimpleCounter:
    """Counts words, and many texts at once as it is told to."""

    def __init__(self, count_all):
        self.count_all = count_all

    def __call__(self, text):
        return len(text.split())


def test_a_counter_that_fails_once_is_asked_again():
    answers = iter([ConnectionError("no answer")])

    def flaky(text: str) -> int:
        for error in answers:
            raise error
        return len(text.split())

    got = SemToken(encoder="static", token_counter=flaky).compress(["One two. Three four."], max_tokens=2)
    assert (got.text, got.stats.counter) == ("One two.", "callable")
    assert got.stats.fallback == "ConnectionError: no answer"


@pytest.mark.parametrize("number", [np.int64(6), np.int32(6), np.uint8(6)])
def test_a_whole_number_of_numpy_is_a_budget(number):
    assert Budget(max_tokens=number) == Budget(max_tokens=6)
    assert type(Budget(max_tokens=number).tokens(100)) is int
    assert BudgetPool(number).tokens == 6


@pytest.mark.parametrize("number", [np.float32(0.5), np.float16(0.5), np.float64(0.5)])
def test_a_fraction_of_numpy_is_a_budget(number):
    made = Budget(ratio=number, keep=number)
    assert made == Budget(ratio=0.5, keep=0.5)
    assert {type(made.ratio), type(made.keep)} == {float}
    assert Config(min_relevance=number).min_relevance == 0.5


@pytest.mark.parametrize(
    "bad", [{"max_tokens": np.int64(0)}, {"max_tokens": np.bool_(True)}, {"ratio": np.float32("nan")}]
)
def test_numbers_of_numpy_that_are_out_of_range_are_named(bad):
    with pytest.raises(ValueError, match=r"max_tokens .*got|ratio .*got"):
        Budget(**bad)


def document(attribute: str) -> object:
    kind = type("Document", (), {attribute: "It rained."})
    return kind()


@pytest.mark.parametrize(
    ("chunks", "told"),
    [
        (None, "chunks must be a sequence of str or Chunk, got None"),
        (7, "chunks must be a sequence of str or Chunk, got 7"),
        (b"It rained.", "chunks must be a sequence of str or Chunk, got b'It rained.'"),
        ([document("page_content")], r"langchain_semtoken\.SemTokenCompressor takes a Document, got <"),
        (
            [document("get_content")],
            r"postprocessor\.semtoken\.SemTokenPostprocessor takes a Document, got <",
        ),
        ([None], "Chunk.text must be a str, got NoneType: None"),
    ],
)
def test_what_is_no_chunk_is_refused_by_name(chunks, told):
    with pytest.raises(ValueError, match=told):
        SemToken(encoder="static").compress(chunks, "rain?", max_tokens=3)


def with_blanks(text: str) -> int:
    """Count as byte-pair tokenizers do: a word or mark takes the blank before it."""
    return len(re.findall(r" ?\w+| ?[^\w\s]+|\s", text))


@pytest.mark.parametrize(
    ("counter", "gap", "cost"),
    [(with_blanks, " … ", 1), (with_blanks, " ", 0), (with_blanks, "", 0), (len, " … ", 3), (len, "", 0)],
)
def test_a_gap_costs_what_its_mark_brings_between_two_words(counter, gap, cost):
    seen = []

    def strategy(problem):
        seen.append(problem.gap_cost)
        return LeadStrategy()(problem)

    engine = SemToken(
        encoder=HashEncoder(),
        strategy=strategy,
        token_counter=counter,
        config=Config(gap=gap),
        on_error="raise",
    )
    engine.compress(["The tower opened in 1889. It rained."], "When?", ratio=0.5)
    assert seen == [cost]
