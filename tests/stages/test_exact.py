"""Exact signs: numbers and identifiers that a question spells out."""

from __future__ import annotations

import pytest

from semtoken_rag.stages.exact import exact_signs


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


@pytest.mark.parametrize(
    ("question", "texts", "expected"),
    [
        ("3号灯塔多高？", ["3号灯塔：60米", "13号灯塔：55米"], [1, 0]),
        ("รุ่นP20ราคาเท่าไร", ["รุ่น P10 ราคา 20", "ราคาของP20คือ 30"], [0, 2]),
    ],
)
def test_letters_of_a_script_without_blanks_do_not_belong_to_a_number_beside_them(question, texts, expected):
    assert exact_signs(question, texts).tolist() == expected
