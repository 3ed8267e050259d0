"""Budget: what a bound allows, and that every kind of counter counts the reader's tokens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from semtoken_rag.budget import Budget, TokenCounter
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
