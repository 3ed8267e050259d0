"""Syllables, and marks that belong to the character before."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtoken_rag.text.clusters import is_border, is_joined, syllables


def split(text: str) -> list[str]:
    cuts = [0, *syllables(text), len(text)]
    return [text[a:b] for a, b in pairwise(cuts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("น้ำใจ", ["น้ำ", "ใจ"]),
        ("แม่น้ำ", ["แม่", "น้ำ"]),
        ("ມື້ນີ້", ["ມື້", "ນີ້"]),
        ("សាលា", ["សា", "លា"]),
        ("ភ្នំ", ["ភ្នំ"]),
        ("မြန်မာ", ["မြန်", "မာ"]),
        ("စာအုပ်", ["စာ", "အုပ်"]),
        ("abc", ["abc"]),
        ("", [""]),
    ],
)
def test_syllables(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("e\u0301", 1, True),
        ("👍🏽", 1, True),
        ("👩\u200d👧", 2, True),
        ("ab", 1, False),
        ("a", 0, False),
        ("a", 1, False),
    ],
)
def test_marks_are_joined_to_the_character_before(text: str, at: int, expected: bool) -> None:
    assert is_joined(text, at) is expected


@given(st.text(st.characters(min_codepoint=0xE00, max_codepoint=0x17FF)))
def test_a_border_is_where_syllables_part(text: str) -> None:
    assert syllables(text) == [at for at in range(len(text) + 1) if is_border(text, at)]
