from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from semtoken_rag.compressor import SemToken
from semtoken_rag.readers import ServerError, StreamBroken
from semtoken_rag.strategy.registry import PAPER_STRATEGIES, STRATEGIES
from semtoken_rag.testing import HashEncoder, ScriptedReader
from semtoken_rag.types import Chunk
from semtoken_rag.ui.documents import Document
from semtoken_rag.ui.events import Event, progress, stream
from semtoken_rag.ui.payload import cite_sentences
from semtoken_rag.ui.workbench import Asked, Workbench
from tests.support.samples import words
from tests.ui.samples import ANSWER, MARA, QUESTION, TOWER

DOCUMENTS = [Document(title="🗼 Tower", text=TOWER), Document(title="Mara", text="🌳🌳\n\n" + MARA)]


def bench(reader=None) -> Workbench:
    return Workbench(encoder=HashEncoder(), reader=reader, token_counter=words)


def asked(**fields) -> Asked:
    return Asked(**{"documents": DOCUMENTS, "query": QUESTION, "ratio": 0.3, **fields})


def result(made: Workbench, **fields) -> dict:
    *_, last = made.compress(asked(**fields))
    assert last.name == "result"
    return last.data


def text(place: dict) -> str:
    return DOCUMENTS[place["document"]].text[place["start"] : place["end"]]


@pytest.mark.parametrize("strategy", sorted([*STRATEGIES, *PAPER_STRATEGIES]))
def test_places_are_in_the_documents_and_the_budget_holds(strategy: str):
    found = json.loads(json.dumps(result(bench(), strategy=strategy), allow_nan=False))
    assert found["kept"]
    assert 0 < sum(words(text(p)) for p in found["kept"]) <= found["stats"]["budget"]
    whole = "".join(text(u) for u in found["units"]).replace(" ", "")
    assert whole == (TOWER + "🌳🌳" + MARA).replace(" ", "")
    kept = [u for u in found["units"] if u["granularity"] == "fine"]
    assert all(any(p["start"] <= u["start"] and u["end"] <= p["end"] for p in found["kept"]) for u in kept)


def test_keep_is_answered_with_how_sure_it_is_and_a_curve():
    made = Workbench(encoder="static", token_counter=words)
    assert made.promising == ["semtoken", "guarded"]
    found = json.loads(json.dumps(result(made, ratio=1, keep=0.5), allow_nan=False))
    stats = found["stats"]
    assert stats["confidence"] >= 0.5
    assert stats["cut_by"] == "keep"
    assert found["said"][0].endswith("sure that nothing wanted is lost, cut by keep=0.5.")
    assert "answer the question" in found["said"][1]
    tokens, chances = zip(*found["curve"], strict=True)
    assert list(tokens) == sorted(tokens)
    assert list(chances) == sorted(chances)
    assert 0 < chances[0] <= chances[-1] <= 1


def test_without_a_calibration_nothing_is_promised():
    made = bench()
    assert made.promising == []
    found = result(made)
    assert (found["curve"], found["said"]) == ([], ["Cut by ratio."])
    with pytest.raises(ValueError, match=r"keep=0\.9 needs a calibration"):
        result(made, keep=0.9)


def test_a_whole_budget_keeps_all_and_has_no_units():
    found = result(bench(), ratio=1.0)
    assert [text(p) for p in found["kept"]] == [d.text for d in DOCUMENTS]
    assert found["units"] == []


def test_a_moved_budget_encodes_nothing_again():
    made = bench()
    assert result(made, ratio=0.3)["stats"]["stored"] == 2
    encode, made.encoder.encode = made.encoder.encode, lambda texts, titles: encode(check(texts), titles)

    def check(texts):
        assert set(texts) <= {QUESTION}
        return texts

    assert result(made, ratio=0.5)["stats"]["tokens_after"] > result(made, ratio=0.2)["stats"]["tokens_after"]


def test_encoding_reports_how_far_it_is():
    documents = [Document(title=f"{i}", text=f"Text number {i}.") for i in range(20)]
    seen = [e.data["done"] for e in bench().compress(asked(documents=documents)) if e.name == "progress"]
    assert seen == [8, 16, 20]


def test_answer_comes_in_parts_and_ends_with_sentences_and_their_sources():
    seen = list(bench(ScriptedReader(ANSWER)).answer(asked(ratio=0.5)))
    stages = [name for name, _ in groupby(e.name for e in seen)]
    assert stages == ["progress", "result", "progress", "part", "answer"]
    assert "".join(e.data["text"] for e in seen if e.name == "part") == ANSWER
    sentences = seen[-1].data["sentences"]
    assert "".join(s["text"] for s in sentences) == ANSWER
    places = [[text(p) for p in s["sources"]] for s in sentences]
    assert places == [["builder was Mara Lindqvist"], ["She was born in the port of Vessel"], []]


class Breaking(ScriptedReader):
    """A server whose stream breaks off."""

    def stream(self, question: str, context: object) -> Iterator[str]:
        yield from super().stream(question, context)
        raise StreamBroken("the stream broke off")


def test_what_came_before_the_stream_broke_is_cited_and_then_the_break_is_said():
    seen = told(bench(Breaking(ANSWER)).answer(asked(ratio=0.5)))
    (said, answer), error = seen[-2], seen[-1]
    assert said == "answer"
    assert "".join(s["text"] for s in answer["sentences"]) == ANSWER
    assert answer["sentences"][0]["sources"]
    assert error == ("error", {"message": "the stream broke off"})


@pytest.mark.parametrize(
    ("reader", "query", "said"),
    [(None, QUESTION, "--llm"), (ScriptedReader("Yes."), "  ", "question")],
)
def test_what_cannot_be_answered_is_said(reader, query: str, said: str):
    with pytest.raises(ValueError, match=said):
        list(bench(reader).answer(asked(query=query)))


@pytest.mark.parametrize(
    ("name", "shown"), [("org/model", "org/model"), ("/home/me/models/small", "small"), ("tiny", "tiny")]
)
def test_a_reader_is_named_without_its_folder(name: str, shown: str):
    reader = ScriptedReader("")
    reader.name = name
    assert bench(reader).reads == shown


@pytest.mark.parametrize(
    "bad",
    [
        {"keep": 0},
        {"keep": 1},
        {"keep": float("nan")},
        {"ratio": 0},
        {"ratio": 1.5},
        {"strategy": "odd"},
        {"documents": []},
    ],
    ids=lambda b: next(iter(b)),
)
def test_bad_questions_are_refused(bad: dict):
    with pytest.raises(ValidationError, match=next(iter(bad))):
        asked(**bad)


SAID = ["One. ", "Mara Lindqvist ", "\n\n", " ", "字。", "born in the port of "]


@settings(deadline=None)
@given(st.lists(st.sampled_from(SAID)).map("".join))
def test_sentences_of_an_answer_are_all_of_it(answer: str):
    chunks = [Chunk(MARA, id="0:0", metadata={"document": 0, "start": 0})]
    context = SemToken(encoder=HashEncoder()).compress(chunks, QUESTION, ratio=0.5)
    found = cite_sentences(answer, context)
    assert "".join(s["text"] for s in found) == answer
    assert all(0 <= p["start"] < p["end"] <= len(MARA) for s in found for p in s["sources"])


def told(work: Generator[Event, None, None]) -> list[tuple[str | None, dict]]:
    async def collect():
        with ExitStack() as left:
            return [(event.event, json.loads(event.raw_data)) async for event in stream(work, left)]

    return asyncio.run(collect())


def failing(error: Exception) -> Iterator[Event]:
    yield progress("Begun")
    raise error


@pytest.mark.parametrize("kind", [ValueError, ServerError])
def test_an_error_that_the_user_can_mend_is_passed_on(kind: type[Exception]):
    assert told(failing(kind("too long")))[-1] == ("error", {"message": "too long"})


def test_any_other_error_is_logged_and_tells_its_kind_alone(caplog):
    with caplog.at_level(logging.ERROR):
        assert told(failing(KeyError("secret")))[-1] == ("error", {"message": "failed inside: KeyError"})
    assert "secret" in caplog.text
