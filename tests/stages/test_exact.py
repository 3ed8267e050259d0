"""Exact signs: names, numbers and n-grams that a question spells out."""

from __future__ import annotations

import pytest

from semtoken_rag.stages.exact import GRAM_WEIGHT, PAIR_WEIGHT, exact_signs


@pytest.mark.parametrize(
    ("question", "texts", "expected"),
    [
        ("Which socket has lamp L-9?", ["Lamp L-7, E27", "lamp l-9: E40", "XL9"], [0, 2, 0]),
        ("Was id=9c11 refused on 2031-04-05?", ["9c11", "2031-04-05, 9c11", "9c1"], [1.5, 2, 0]),
        (
            "What did it cost in 2019 and 2020?",
            ["In 2019: 4.", "In 2020: 5, 2019: 4.", "4 then"],
            [0.5, 1, 0],
        ),
    ],
)
def test_a_unit_has_a_share_of_the_numbers_and_one_more_of_the_identifiers_with_letters(
    question, texts, expected
):
    assert exact_signs(question, texts).tolist() == expected


@pytest.mark.parametrize("question", ["Which lamp is it?", "Lamp L-9?", "ค่าปรับเท่าไร"])
@pytest.mark.parametrize("texts", [[], ["A lamp."], ["A lamp.", "A lamp."]])
def test_there_are_none_where_nothing_tells_units_apart(question, texts):
    assert exact_signs(question, texts) is None


def test_in_a_script_without_blanks_n_grams_count():
    signs = exact_signs("ค่าปรับเท่าไร", ["จ่ายค่าปรับวันละสิบบาท", "เด็กเข้าฟรี", "มีค่าน้อย"])
    assert signs[0] == max(signs) <= GRAM_WEIGHT
    assert signs[1] == 0


@pytest.mark.parametrize(
    ("question", "best", "others"),
    [
        ("小艇的泊船费是多少？", "| 小艇 | 泊船费 | 4 |", ["灯塔在码头的北边。", "| 帆船 | 9 |"]),
        ("3号灯塔多高？", "3号灯塔：60米", ["13号灯塔：55米", "晚上可以散步。"]),
        ("桟橋の使用料はいくらですか。", "使用料は一晩四百円です。", ["夜は静かです。", "犬も入れます。"]),
    ],
)
def test_in_chinese_pairs_of_characters_count(question, best, others):
    signs = exact_signs(question, [*others, best])
    assert signs.argmax() == len(others)
    assert signs.max() <= PAIR_WEIGHT


def test_a_chinese_name_in_another_language_is_no_chinese_question():
    assert exact_signs("Who wrote 红 first?", ["红 was written in May.", "Nobody."]) is None
