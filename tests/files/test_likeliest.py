"""The choice of passages that are worth an encoder's time."""

from __future__ import annotations

import pytest

from semtoken_rag.files.likeliest import likeliest, ranked
from semtoken_rag.text.grams import plain

TEXTS = [plain(f"Town {i} lies by the sea and has a market.") for i in range(60)]
TEXTS[41] = plain("The lighthouse of Town 41 opened in 1889.")
TEXTS[7] = plain("A lighthouse stands here.")
QUESTION = "When did the lighthouse open?"


def test_the_best_come_first_and_what_shares_nothing_not_at_all():
    assert ranked(TEXTS, QUESTION)[:2] == [41, 7]
    assert ranked(TEXTS, "Zzz?") == ranked([], QUESTION) == ranked(TEXTS, "") == []


@pytest.mark.parametrize("room", [1, 60, 200, 10_000])
def test_as_many_as_there_is_room_for_in_their_order(room: int):
    found = likeliest(TEXTS, QUESTION, room)
    assert found == sorted(found)
    assert 41 in found
    assert len(found) == 1 or sum(len(TEXTS[i]) for i in found) <= room
    assert (len(found) == len(TEXTS)) == (sum(map(len, TEXTS)) <= room)


def test_what_is_searched_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    whole = ranked(TEXTS, QUESTION)
    monkeypatch.setattr("semtoken_rag.files.likeliest.BLOCK", 100)
    assert ranked(TEXTS, QUESTION) == whole
