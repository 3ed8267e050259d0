"""N-grams: what makes texts of any script alike."""

from __future__ import annotations

import unicodedata

import pytest

from semtoken_rag.text.grams import WIDE, grams, is_wide, plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ÉLAN", "elan"),
        ("الأُستاذ", "الاستاذ"),  # hamza and vowel points
        ("كتـــاب", "كتاب"),
        ("שָׁלוֹם", "שלום"),
        ("\uff12\uff10\uff12\uff11年", "2021 年"),
        ("e\u0301te\u0301", "été"),
        ("a_b", "a-b"),
    ],
)
def test_case_accents_points_and_forms_make_no_difference(one, other):
    assert plain(one) == plain(other)


@pytest.mark.parametrize("word", ["ค่าปรับ", "हिन्दी", "សួស្តី", "が", "한국어", "ኢትዮጵያ", "ё" * 3])
def test_vowels_and_letters_of_a_script_stay(word):
    stays = unicodedata.normalize("NFC", unicodedata.normalize("NFKD", word).replace("\u0308", ""))
    assert plain(word) == f" {stays} "


def test_signs_between_hebrew_and_arabic_words_part_them():
    assert plain("תל־אביב، ۲۰۲۱") == " תל אביב ۲۰۲۱ "


@pytest.mark.parametrize("text", ["", " ", "...", "—", "_"])
def test_a_text_without_letters_has_no_n_grams(text):
    assert grams(plain(text)) == []


def test_words_that_differ_in_an_ending_share_most_n_grams():
    one, other = set(grams(plain("kütüphane"))), set(grams(plain("kütüphanesinde")))
    assert len(one & other) == len(one) - 1
    assert not one & set(grams(plain("hastane"))) - {"ane "}


def test_a_short_word_is_one_n_gram_and_found_as_a_word_alone():
    assert grams(plain("2")) == [" 2 "]
    assert " 2 " not in plain("1922")


def test_wide_letters_beside_others_stand_apart():
    assert plain("第3号灯塔P20") == " 第 3 号灯塔 p20 "
    assert grams(plain("3号")) == [" 3 ", "号"]


def test_wide_letters_are_those_that_unicode_calls_so():
    letters = (chr(c) for c in range(0x20000) if unicodedata.category(chr(c)) in ("Lo", "Lm"))
    narrow = [c for c in letters if is_wide(c) != (unicodedata.east_asian_width(c) in ("W", "F"))]
    assert [
        c for c in narrow if unicodedata.east_asian_width(c) != "H" and not "\uff00" <= c <= "\uffef"
    ] == []
    assert WIDE
