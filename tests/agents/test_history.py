"""What was sent is sent again with the same bytes; only checkpoints shorten, once a message."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import SemToken
from semtoken_rag.agents import History, Message, Originals, ToolResultCompressor
from semtoken_rag.store import MemoryStore
from tests.support.samples import BREAD, PARIS, ROME, words

ENGINE = SemToken(encoder="static", token_counter=words, on_error="raise")
TEXT = st.lists(st.sampled_from([PARIS, BREAD, ROME, "Yes."]), min_size=1, max_size=5).map(" ".join)
TURN = st.tuples(TEXT, st.lists(TEXT, max_size=3), TEXT, st.booleans())


def history(originals: Originals | None = None, **settings) -> History:
    results = ToolResultCompressor(ENGINE, originals, min_tokens=60, max_tokens=60, on_error="raise")
    return History(results, **{"max_tokens": 300, "keep_turns": 2, **settings})


def conversation(turns) -> list[Message]:
    said = [Message("system", f"{PARIS} {BREAD} {ROME}")]
    for asked, results, answer, image in turns:
        said.append(Message("human", asked, fixed=image, extra="image" if image else ""))
        for i, result in enumerate(results):
            said += [Message("ai", "", extra=f"call {i}"), Message("tool", result, extra=f"id {i}")]
        said.append(Message("ai", answer))
    return said


def sent(messages: list[Message], texts) -> list[str]:
    return [message.text if text is None else text for message, text in zip(messages, texts, strict=True)]


@given(st.lists(TURN, max_size=6))
@settings(max_examples=15, deadline=None)
def test_what_was_sent_stays_but_for_checkpoints_and_changes_once(turns):
    made, messages = history(), conversation(turns)
    before: list[str] = []
    shortened: set[int] = set()
    for n in range(len(messages) + 1):
        forms = made.forms(messages[:n], "How tall is it?")
        now = sent(messages[:n], forms.texts)
        changed = {i for i, (old, new) in enumerate(zip(before, now, strict=False)) if old != new}
        assert bool(changed) == forms.checkpoint
        assert not changed & shortened
        shortened |= changed
        if changed:
            assert sum(map(words, now[:-1])) < sum(map(words, before))
        for i in changed:
            assert messages[i].role != "system"
            assert not messages[i].fixed
        before = now
    again = history().forms(messages, "How tall is it?")
    assert len(again.texts) == len(messages)


def long_conversation(n: int = 8) -> list[Message]:
    return conversation(
        [(PARIS, [f"{BREAD} {ROME} {BREAD} {i}"], f"{ROME} {PARIS}", False) for i in range(n)]
    )


def test_a_checkpoint_gets_below_the_limit_and_the_originals_stay_within_reach():
    made, messages = history(max_tokens=1000), long_conversation()
    forms = made.forms(messages, "How tall is it?")
    assert forms.checkpoint
    assert sum(map(words, sent(messages, forms.texts))) <= 1000
    short = next(text for text in forms.texts if text is not None)
    ref = short.split('ref="')[1].split('"')[0]
    assert made.results.originals.get(ref) == messages[forms.texts.index(short)].text
    assert made.forms(messages, "What is it made of?").texts == forms.texts


def test_without_a_limit_nothing_is_shortened():
    messages = long_conversation()
    assert history(max_tokens=None).forms(messages, "?").texts == (None,) * len(messages)
    assert history().forms([]).texts == ()


def test_conversations_that_begin_otherwise_share_no_forms():
    made, messages = history(), long_conversation()
    assert made.forms(messages, "?").checkpoint
    other = [Message("human", "Hello."), *messages[:3]]
    assert made.forms(other, "?").texts == (None,) * 4


def test_forms_outlive_the_process_in_the_store_of_the_originals(tmp_path):
    address, messages = f"sqlite:///{tmp_path / 'kept.db'}", long_conversation()
    first = history(Originals(store=address)).forms(messages, "How tall is it?")
    again = history(Originals(store=address)).forms(messages, "What is bread made of?")
    assert again.texts == first.texts
    assert not again.checkpoint


def test_a_compressed_result_is_shortened_from_its_original():
    made, text = history(max_tokens=100), "\n".join(f"Step {i} went well." for i in range(300))
    ref = made.results.originals.put(text)
    messages = [Message("tool", "Step 1 went well. " * 40, ref=ref), *long_conversation(3)]
    short = made.forms(messages, "?").texts[0]
    assert f'ref="{ref}"' in short


def test_a_context_is_asked_for_once_and_sent_from_then_on():
    made, asked = history(max_tokens=None), []

    def add(question: str) -> str:
        asked.append(question)
        return f"Context {len(asked)}. {question}"

    messages = [Message("human", "When?")]
    for _ in range(2):
        assert made.forms(messages, add_context=add).texts == ("Context 1. When?",)
    messages += [Message("ai", "Then."), Message("human", "Where?")]
    assert made.forms(messages, add_context=add).texts == ("Context 1. When?", None, "Context 2. Where?")
    assert asked == ["When?", "Where?"]


def test_a_failure_leaves_the_messages_as_they_are():
    class Broken(Originals):
        def put(self, text: str) -> str:
            raise OSError("disk full")

    results = ToolResultCompressor(ENGINE, Broken(), min_tokens=60, max_tokens=60)
    messages = long_conversation()
    assert History(results, max_tokens=100).forms(messages).texts == (None,) * len(messages)
    results.on_error = "raise"
    with pytest.raises(OSError, match="disk full"):
        History(results, max_tokens=100).forms(messages)


@pytest.mark.parametrize("name", ["max_tokens", "keep_turns"])
def test_bad_arguments_are_refused_with_their_value(name: str):
    with pytest.raises(ValueError, match=f"{name} must be an int of at least 1, got 0"):
        history(**{name: 0})


def test_a_store_that_fails_changes_nothing_that_was_sent():
    class Failing(MemoryStore):
        down = False

        def mget(self, keys: Sequence[str]) -> list[bytes | None]:
            self.check()
            return super().mget(keys)

        def mset(self, pairs: Sequence[tuple[str, bytes]]) -> None:
            self.check()
            super().mset(pairs)

        def check(self) -> None:
            if self.down:
                raise OSError("down")

    store, messages = Failing(), long_conversation()
    results = ToolResultCompressor(ENGINE, Originals(store=store), min_tokens=60, max_tokens=60)
    made = History(results, max_tokens=300, keep_turns=2)
    first = made.forms(messages, "?")
    store.down = True
    assert made.forms(messages, "?").texts == first.texts
    other = History(
        results, max_tokens=300, keep_turns=2
    )  # of another process: has neither forms nor originals
    assert other.forms(messages, "?").texts == (None,) * len(messages)
    store.down = False
    assert other.forms(messages, "?").texts == first.texts
    store.down = True
    assert other.forms(messages, "?").texts == first.texts


def test_a_compressed_result_whose_original_was_dropped_is_shortened_all_the_same():
    messages = [Message("tool", "Step 1 went well. " * 40, ref="0000"), *long_conversation(3)]
    short = history(max_tokens=100).forms(messages, "?").texts[0]
    assert words(short) < 160
