"""`TextTokenizer`: the wrapped tokenizer's own tokens, whatever it remembers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from semtoken_rag.encoders import tokenizer as words
from semtoken_rag.encoders.static import FOLDER, wordpiece
from semtoken_rag.encoders.tokenizer import LONGEST, PARALLEL, TextTokenizer, cuts_at_blanks
from semtoken_rag.text.encodable import encodable

BERT = wordpiece(FOLDER / "vocab.txt")
REMEMBERS = TextTokenizer(BERT)

awkward = st.sampled_from(
    [
        " ",
        "  ",
        "\n",
        "\t",
        "\r\n",
        "\x0b",
        "\x1c",
        "\xa0",
        "\u200b",
        "\u0301",
        "e\u0301",
        "\ud800",
        "\x00",
        "[SEP]",
        "naïve",
        "Straße",
        "Ⅳ",
        "中文。",
        "don't",
        "x" * 101,
        "a" * (LONGEST + 1),
        "🙂",
        "ﷺ",
        "İ",
    ]
)
texts = st.lists(awkward | st.text(max_size=6), max_size=12).map("".join)


def agrees(tokenizer: TextTokenizer, backend: Tokenizer, given_texts: list[str]) -> None:
    for text, found in zip(given_texts, tokenizer(given_texts), strict=True):
        wanted = backend.encode(encodable(text), add_special_tokens=False)
        assert found.ids.tolist() == wanted.ids
        assert [tuple(pair) for pair in found.offsets.tolist()] == wanted.offsets
        assert tokenizer.count(text) == len(wanted.ids)


@given(st.lists(texts, max_size=4))
def test_tokens_are_those_of_the_tokenizer(given_texts: list[str]) -> None:
    agrees(REMEMBERS, BERT, given_texts)
    agrees(REMEMBERS, BERT, given_texts)  # this time from memory


def test_many_texts_at_once_agree_with_one_by_one() -> None:
    many = [f"Sentence number {i} is about item{i}.\nIt was written in {1900 + i}." for i in range(100)]
    assert sum(map(len, many)) > PARALLEL
    agrees(TextTokenizer(BERT), BERT, many)


def test_a_table_that_is_full_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST_WORDS", 8)
    tokenizer = TextTokenizer(BERT)
    for i in range(10):
        agrees(tokenizer, BERT, [f"word{i} and other words{i}", "the same words"])
        assert len(tokenizer._known) <= 8


def test_words_without_an_end_are_not_remembered() -> None:
    tokenizer = TextTokenizer(BERT)
    tokenizer(["short " + "字" * (LONGEST + 1)])
    assert list(tokenizer._known) == ["short"]


def test_threads_get_the_same_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST_WORDS", 64)
    tokenizer = TextTokenizer(BERT)
    many = [f"Sentence number {i} speaks of thing{i} and of its neighbour thing{i + 1}." for i in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: tokenizer([text])[0], many))
    for text, tokens in zip(many, found, strict=True):
        assert tokens.ids.tolist() == BERT.encode(text, add_special_tokens=False).ids


def other() -> Tokenizer:
    tokenizer = Tokenizer(WordLevel({"one": 0, "two": 1, "[UNK]": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    return tokenizer


def test_another_tokenizer_is_given_whole_texts() -> None:
    backend = other()
    tokenizer = TextTokenizer(backend)
    agrees(tokenizer, backend, ["one two", "", "two, one"])
    assert not tokenizer._known
    assert np.array_equal(tokenizer(["one"])[0].offsets, [[0, 3]])


@pytest.mark.parametrize("flag", ["lstrip", "rstrip", "single_word"])
def test_an_added_token_that_reaches_over_blanks_forbids_words(flag: str) -> None:
    backend = wordpiece(FOLDER / "vocab.txt")
    assert cuts_at_blanks(backend)
    backend.add_special_tokens([AddedToken("[HERE]", **{flag: True})])
    assert not cuts_at_blanks(backend)
    agrees(TextTokenizer(backend), backend, ["a [HERE] b", "[HERE]"])
