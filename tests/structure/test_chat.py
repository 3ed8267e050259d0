"""Conversations in many notations, and sheets and prose that are none."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtoken_rag.stages.segment import segment
from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.chat import parse_chat
from semtoken_rag.structure.sentences import split_sentences


def by_rules(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    return split_sentences(text, start, end, "en")


def parsed(text: str) -> list[Segment]:
    found = parse_chat(text, by_rules)
    assert found is not None
    return found


def above(text: str, words: str) -> list[str]:
    """What a sentence hangs on, nearest first."""
    found = parsed(text)
    at = next(s for s in found if words in text[s.start : s.end] and s.kind == "sentence")
    chain = []
    while at.parent >= 0:
        at = found[at.parent]
        chain.append(text[at.start : at.end])
    return chain


CHATS = [
    ("Eva: Is the pool open?\nTom: Yes, until nine.\nEva: Thank you.", ["Eva:", "Tom:", "Eva:"]),
    ("[9:15] Eva: hi\n[9:16] Tom: hello\n[9:17] Eva: bye", ["[9:15] Eva:", "[9:16] Tom:", "[9:17] Eva:"]),
    ("**User:** hi there\n**Assistant:** Good day.\n**User:** ok.", ["**User:**", "**Assistant:**",
     "**User:**"]),
    ("**User**: hi there\n**Bot**: Good day.\n**User**: ok.", ["**User**:", "**Bot**:", "**User**:"]),
    ("<eva> hi\n<tom> hello\n<eva> bye", ["<eva>", "<tom>", "<eva>"]),
    ("Q: When?\nA: At noon.", ["Q:", "A:"]),
    ("Question: When?\nAnswer: At noon.\nQuestion: Why?\nAnswer: So.", ["Question:", "Answer:"] * 2),
    ("User: My router is dead.\nAssistant: Restart it.\nUser: It works.", ["User:", "Assistant:", "User:"]),
    ("Kundin: Wo ist mein Paket?\nBerater: Unterwegs.\nKundin: Gut.", ["Kundin:", "Berater:", "Kundin:"]),
    ("客户：何时到货？\n客服：后天。\n客户：好的。", ["客户：", "客服：", "客户："]),
    ("問：いつですか。\n答：明日です。", ["問：", "答："]),
    ("Eva  9:15 AM\nhi all\nTom  9:16 AM\nhello\nEva  9:20 AM\nbye", ["Eva  9:15 AM", "Tom  9:16 AM",
     "Eva  9:20 AM"]),
    ("02/03/25, 9:15 - Eva: hi\n02/03/25, 9:16 - Tom: yo\n02/03/25, 9:17 - Eva: ok",
     ["02/03/25, 9:15 - Eva:", "02/03/25, 9:16 - Tom:", "02/03/25, 9:17 - Eva:"]),
    ("Eva Lund: I like it.\nTom (host): You do?\nEva Lund: I do.", ["Eva Lund:", "Tom (host):", "Eva Lund:"]),
    ("### User\nWhat is it?\n### Assistant\nA tower.\n### User\nThanks.", ["### User", "### Assistant",
     "### User"]),
    ("Speaker 1: How are you?\nSpeaker 2: I am well.\nSpeaker 1: Good.", ["Speaker 1:", "Speaker 2:",
     "Speaker 1:"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "labels"), CHATS)
def test_labels_are_speakers(text: str, labels: list[str]) -> None:
    found = parsed(text)
    assert [text[s.start : s.end] for s in found if s.kind == "speaker"] == labels
    assert all(found[s.parent].kind == "speaker" for s in found if s.kind == "sentence")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Eva: hi",
        "Eva: hi\nEva: ho\nEva: hu",
        "Name: Eva Lund\nCity: Oslo\nAge: 40",
        "Name: Eva Lund\nAge: 40\n\nName: Tom Berg\nAge: 50",
        "Owner: head of sales\nScope: all sites\nOwner: nobody\nScope: none",
        "Warning: It is hot.\nNote: You may burn.\nWarning: It is cold.",
        "The rule: no dogs.\nThe reason: they bark.\nThe end.",
        "INFO: a b c d\nERROR: e f g h\nINFO: i j k l\nDEBUG: m n o p",
        "host: example.org\nport: 80\nuser: root",
        "https://a.org/x\nhttps://b.org/y\nhttps://a.org/z",
        "def f(x: int) -> None:\n    return x\nclass A: ...",
        "Ingredients: flour, eggs.\nMethod: mix it.\nServes: four.",
        "He had one wish: to sail. She had another: to stay.\nThey parted: it rained.",
        "10:00: doors open\n11:00: talk\n12:00: lunch",
    ],
)
def test_other_texts_are_no_conversation(text: str) -> None:
    assert parse_chat(text, by_rules) is None


def test_an_answer_hangs_on_the_question() -> None:
    text = "Eva: Hello. When is the last train?\nTom: At ten past eleven.\nEva: Thanks a lot."
    assert above(text, "ten past") == ["Tom:", "When is the last train?", "Eva:"]
    assert above(text, "Thanks") == ["Eva:"]


def test_a_question_hangs_on_no_question() -> None:
    text = "Eva: Is it far?\nTom: From here?\nEva: From here."
    assert above(text, "From here?") == ["Tom:"]
    assert above(text, "From here.") == ["Eva:", "From here?", "Tom:"]


def test_nobody_answers_himself() -> None:
    text = "Eva: Is it far?\nEva: I mean by car.\nTom: You need an hour."
    assert above(text, "by car") == ["Eva:"]


def test_what_is_called_a_question_is_one() -> None:
    assert above("Q: Describe the fee.\nA: Five euros.", "Five") == ["A:", "Describe the fee.", "Q:"]


def test_what_stands_before_the_first_turn_hangs_on_nothing() -> None:
    text = "A talk at the harbour.\n\n" + CHATS[0][0]
    assert above(text, "harbour") == []


def test_a_turn_goes_on_over_lines() -> None:
    text = "User: How?\nAssistant: First this.\n\nThen that.\nUser: Thanks."
    assert above(text, "Then that")[0] == "Assistant:"


LINES = [
    "Eva: hi?",
    "Tom: you.",
    "\n",
    "Q: a?",
    "A: b.",
    "text",
    " ",
    "<x> y",
    "\r\n",
    "\ud800",
    "\x00",
    "Name: z",
    "：",
]


@given(st.lists(st.sampled_from(LINES), max_size=20))
def test_segments_keep_the_contract(bits: list[str]) -> None:
    text, at = "".join(bits), 0
    found = parse_chat(text, by_rules)
    for i, s in enumerate(found or ()):
        assert at <= s.start < s.end
        assert text[s.start : s.end] == text[s.start : s.end].strip()
        assert not text[at : s.start].strip()
        assert -1 <= s.parent < i
        at = s.end
    assert found is None or not text[at:].strip()


@pytest.mark.parametrize("bit", ["Eva: hi?\nTom: yes\n", "Eva: ", "\n", "<", "a:", "x"])
def test_a_megabyte_of_anything_is_parsed(bit: str) -> None:
    text = bit * (300_000 // len(bit))
    found = parse_chat(text, lambda text, a, b: [(a, b)] if text[a:b].strip() else [])
    assert found is None or found[-1].end <= len(text)


def test_a_question_that_names_a_figure_is_not_kept_without_its_answer():
    text = (
        "CLERK: Was the fee 300 crowns?\nMR. ODA: No, 500.\nCLERK: Who paid it?\nMR. ODA: I did.\nCLERK: So."
    )
    kinds = {text[s.start : s.end]: s.kind for s in segment(text)}
    assert kinds["Was the fee 300 crowns?"] == "lead"
    assert kinds["Who paid it?"] == "sentence"
