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
from semtoken_rag.encoders.tokenizer import GIVEN_UP, LONGEST, PARALLEL, TextTokenizer, cuts_at_blanks
from semtoken_rag.text.boundaries import word_ends
from semtoken_rag.text.clusters import syllables
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
        "x" * 100,
        "-".join("x" * 9),
        "a" * (LONGEST + 1),
        "🙂",
        "ﷺ",
        "İ",
    ]
)


def taken(text: str) -> bool:
    """Tell whether the tokenizer takes every run of letters, rather than to give it up as too long."""
    places = BERT.encode(encodable(text), add_special_tokens=False).offsets
    return not syllables(text) and all(end - start <= GIVEN_UP for start, end in places)


texts = st.lists(awkward | st.text(max_size=6), max_size=12).map("".join).filter(taken)


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


THAI = "ผู้เช่าต้องแจ้งล่วงหน้าสามสิบวันก่อนย้ายออกจากห้องพักทุกครั้ง"


@pytest.mark.parametrize(
    ("text", "least"),
    [
        (THAI, 20),
        ("ร้านปิดวันจันทร์", 5),
        ("ຮ້ານປິດວັນຈັນທຸກອາທິດ", 6),
        ("ហាងបិទនៅថ្ងៃចន្ទរៀងរាល់សប្តាហ៍", 8),
        ("ဆိုင်သည် တနင်္လာနေ့တိုင်း ပိတ်သည်", 6),
        ("q" * 240, 15),
        ("x" * 101, 6),
        ("ACGT" * 60, 15),
    ],
)
def test_what_the_tokenizer_gives_up_is_counted_in_pieces(text: str, least: int) -> None:
    (found,) = TextTokenizer(BERT)([text])
    assert len(found.ids) >= least > len(BERT.encode(text, add_special_tokens=False).ids)
    assert TextTokenizer(BERT).count(text) == len(found.ids)
    assert found.offsets[0, 0] == 0
    assert found.offsets[-1, 1] == len(text)
    gaps = zip(found.offsets[:-1, 1].tolist(), found.offsets[1:, 0].tolist(), strict=True)
    assert not "".join(text[a:b] for a, b in gaps).strip()


def test_the_words_around_such_a_run_are_as_before() -> None:
    text = f"The sign says {THAI}, and it is old."
    (found,) = TextTokenizer(BERT)([text])
    wanted = BERT.encode(text, add_special_tokens=False)
    around = [
        (i, o)
        for i, o in zip(wanted.ids, wanted.offsets, strict=True)
        if not set(text[slice(*o)]) & set(THAI)
    ]
    kept = list(zip(found.ids.tolist(), map(tuple, found.offsets.tolist()), strict=True))
    assert [pair for pair in kept if pair in around] == around


def test_two_texts_at_once_are_cut_as_each_by_itself() -> None:
    tokenizer = TextTokenizer(BERT)
    together = tokenizer([THAI, "short", THAI + "!"])
    for text, found in zip([THAI, "short", THAI + "!"], together, strict=True):
        (alone,) = TextTokenizer(BERT)([text])
        assert np.array_equal(found.ids, alone.ids)
        assert np.array_equal(found.offsets, alone.offsets)


def test_thai_may_be_cut_between_syllables_and_nowhere_inside_one() -> None:
    (found,) = TextTokenizer(BERT)([THAI])
    cuts = found.offsets[1:, 0][word_ends(THAI, found.offsets)]
    assert len(cuts) > 15
    assert set(cuts.tolist()) <= set(syllables(THAI))


PIECES = [*THAI, "ក", "្", "ា", "က", "်", "ຈ", "ິ", "a", " ", ".", "\ud800", "x" * 40]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_mixture_has_tokens_in_order_inside_the_text(text: str) -> None:
    tokenizer = TextTokenizer(BERT)
    (found,) = tokenizer([text])
    assert len(found.ids) == tokenizer.count(text)
    assert (found.offsets[:, 0] < found.offsets[:, 1]).all()
    assert (found.offsets[1:, 0] >= found.offsets[:-1, 1]).all()
    assert not len(found.ids) or found.offsets[-1, 1] <= len(text)


def test_no_word_ends_before_an_accent() -> None:
    text = "Наде\u0301жда Ко\u0301валь"
    (found,) = TextTokenizer(BERT)([text])
    ends = found.offsets[:-1, 1][word_ends(text, found.offsets)]
    assert ends.tolist() == [text.index(" ")]


def test_every_script_of_the_class_has_syllables() -> None:
    assert [len(syllables(c + c)) for c in "กກកက"] == [1, 1, 1, 1]
