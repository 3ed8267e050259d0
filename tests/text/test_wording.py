"""Wording: punctuation and markup change nothing; a sign, a number or a pause may change the meaning."""

from __future__ import annotations

import pytest

from semtoken_rag.text.wording import loose_form, strict_form

SAME = [
    ("The pool, as ever, opens at nine.", "the pool as ever opens at nine"),
    ("- **Two** towels are free!", "* Two towels are free"),
    ("## Opening hours", "Opening hours:"),
    ("It is called “the nest”", 'it is called "the nest"'),
    ("Der Eintritt – wie immer – kostet 4,50 Euro …", "Der Eintritt wie immer kostet 4,50 Euro"),
    ("Le prix est de 12\u00a0euros.", "le prix est de 12 euros"),
    ("门票是二十元。", "门票是二十元"),
    ("Билет стоит `200` рублей", "билет стоит 200 рублей."),
]
OTHER = [
    ("It is -5 degrees.", "It is 5 degrees."),
    ("The rate is +3 %.", "The rate is 3 %."),
    ("It weighs 1.5 kg", "It weighs 15 kg"),
    ("Rooms 1, 2 and 3", "Rooms 12 and 3"),
    ("No, parking is free.", "No parking is free."),
    ("It is not free.", "It is free."),
    ("Don't, stop it", "Don't stop it"),
    ("不，要付费。", "不要付费。"),
    ("The fee is 5?", "The fee is 5."),
    ("The fee is $5", "The fee is €5"),
    ("x < 5", "x > 5"),
    ("a - b", "a b"),
    ("Result: (5)", "Result: 5"),
    ("- 5 degrees", "5 degrees"),
    ("[x] paid", "[ ] paid"),
    ("| | 5 |", "| 5 | |"),
    ("~~free~~ today", "free today"),
    ("now here", "nowhere"),
    ("Breakfast is free*", "Breakfast is free"),
    ("2*3 rooms", "2 3 rooms"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_other_punctuation_says_the_same(one, two):
    assert strict_form(one) == strict_form(two)
    assert loose_form(one) == loose_form(two)


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_what_changes_the_meaning_is_kept(one, two):
    assert strict_form(one) != strict_form(two)
