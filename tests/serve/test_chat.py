"""What is found in any history of messages, and what is left alone."""

from __future__ import annotations

import time
from typing import Any

import pytest

pytest.importorskip("fastapi")
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag.serve import chat
from semtoken_rag.types import Chunk

TEXTS = st.lists(
    st.sampled_from(["<context>", "</context>", "When?", "It rained.", "\n\n", "x" * 40, " "]), max_size=9
).map("".join)
CONTENTS = st.one_of(
    TEXTS,
    st.none(),
    st.lists(
        st.one_of(TEXTS.map(lambda t: {"type": "text", "text": t}), st.just({"type": "image_url"})),
        max_size=3,
    ),
)
ROLES = st.sampled_from(["system", "user", "assistant", "tool", "developer"])
HISTORIES = st.lists(
    st.fixed_dictionaries({"role": ROLES, "content": CONTENTS}, optional={"tool_call_id": st.just("1")}),
    max_size=7,
)


def is_long(text: str) -> bool:
    return len(text) > 60


@settings(deadline=None, max_examples=80)
@given(HISTORIES, st.booleans())
def test_only_passages_behind_the_last_answer_change(messages: list[dict[str, Any]], beside: bool):
    begin = max((i + 1 for i, m in enumerate(messages) if m["role"] == "assistant"), default=0)
    try:
        found = chat.find(messages, [Chunk("Given.")] if beside else [], is_long)
    except ValueError:
        assert beside
        return
    if found is None:
        return
    assert found.query.strip() or (beside and not found.places)
    assert "<context>" not in found.query or "</context>" not in found.query.partition("<context>")[2]
    kept = {i: c.text.upper() for i, c in enumerate(found.chunks)}
    made = chat.rewrite(messages, found, kept)
    assert len(made) == len(messages)
    for i, (old, new) in enumerate(zip(messages, made, strict=True)):
        if i < begin or old["role"] not in ("user", "tool"):
            assert new is old
        assert {k: v for k, v in new.items() if k != "content"} == {
            k: v for k, v in old.items() if k != "content"
        }
    same = {i: c.text for i, c in enumerate(found.chunks[: len(found.places)])}
    assert all(new is old for new, old in zip(chat.rewrite(messages, found, same), messages, strict=True))


@settings(deadline=None, max_examples=30)
@given(HISTORIES, HISTORIES)
def test_what_was_sent_shorter_is_recalled_in_the_same_conversation_alone(first, later):
    sent, shorter = chat.Sent(), [{**m, "content": "short"} for m in first]
    sent.remember(first, shorter)
    answer = {"role": "assistant", "content": "Yes."}
    assert sent.recall([*first, answer, {"role": "user", "content": "Go on."}])[: len(first)] == shorter
    other = [{"role": "user", "content": "another beginning"}, *later, answer]
    assert sent.recall(other) == other


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chat, "REMEMBERED", 1000)
    sent = chat.Sent()
    for i in range(100):
        sent.remember([{"role": "user", "content": f"{i}"}], [{"role": "user", "content": 100 * "x"}])
    assert sent._contents.bytes <= 1000


@pytest.mark.parametrize(
    ("messages", "query", "chunks"),
    [
        ([("user", "<context>A.</context> When?")], "When?", ["A."]),
        ([("user", "<context>\n A. \n</context>When?<context>B.</context>")], "When?", ["A.", "B."]),
        ([("user", "When?"), ("tool", "x" * 61)], "When?", ["x" * 61]),
        ([("user", "When?"), ("tool", "<context>A.</context>")], "When?", ["A."]),
        ([("user", "<context>A.</context>"), ("user", "When?")], "When?", ["A."]),
        ([("user", ["x" * 61, "When?"])], "When?", ["x" * 61]),
        ([("user", ["<context>A.</context>", "When?"])], "When?", ["A."]),
        ([("user", f"Read.\n\n{'x' * 700}\n\nWhen?")], "When?", ["x" * 700]),
        ([("user", f"When?\n\n{'x' * 700}\n\nBriefly.")], "When?", ["x" * 700]),
    ],
)
def test_question_and_passages(messages, query: str, chunks: list[str]):
    made = [
        {"role": role, "content": text if isinstance(text, str) else [{"text": t} for t in text]}
        for role, text in messages
    ]
    found = chat.find(made, [], is_long)
    assert (found.query, [c.text for c in found.chunks]) == (query, chunks)


SLOW = {
    "unclosed": 100_000 * "<context>",
    "closed": 9_000 * "<context>x</context>" + 1_000_000 * "x",
    "blanks": "x" + 1_000_000 * " " + "y",
    "lines": 1_000_000 * "\n",
    "blank lines": 500_000 * "\n ",
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_a_text_made_to_be_slow_is_not(text: str):
    messages, start = [{"role": "user", "content": text}], time.process_time()
    if found := chat.find(messages, [], is_long):
        chat.rewrite(messages, found, {})
    assert time.process_time() - start < 4  # a tenth of it, where quadratic time is minutes
