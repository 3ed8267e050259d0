"""The middleware in LangChain's agents: the same answers from fewer tokens, and nothing torn or lost."""

from __future__ import annotations

import asyncio
import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("langchain.agents")
from langchain.agents import create_agent
from langchain.agents.middleware.types import ModelRequest
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import BaseTool, StructuredTool, Tool, tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.checkpoint.memory import InMemorySaver

from langchain_semtoken import SemTokenMiddleware
from langchain_semtoken.messages import tokens_saved
from langchain_semtoken.tool_parameter import with_parameter, without_parameter
from semtoken_rag import SemToken
from semtoken_rag.agents import AgentConfig, Originals
from tests.support.samples import BREAD, PARIS, ROME, words

ENGINE = SemToken(encoder="static", token_counter=words, on_error="raise")
LINES = [f"2026-11-30 12:00 INFO worker {i % 7} did step {i}" for i in range(400)]
LINES[211] = "2026-11-30 12:00 ERROR the billing database refused port 5432"
LINES[307] = "2026-11-30 12:00 WARN the nightly backup took 71 minutes"
LOG = "\n".join(LINES)
QUESTIONS = {
    "Which port did the billing database refuse?": (r"refused port (\d+)", "5432"),
    "How long did the nightly backup take?": (r"backup took (\d+)", "71"),
}


@tool
def read_log(path: str) -> str:
    """Return a log file."""
    return f"$ cat {path}\n{LOG}"


class Scripted(BaseChatModel):
    """Calls the tool, looks for the answer in what it gets, and asks for more if it is not there."""

    looks_for: str = ""
    seen: list[list[BaseMessage]] = []  # noqa: RUF012  (a field: pydantic copies it)
    tools: list[Any] = []  # noqa: RUF012  (the same)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        self.tools[:] = [convert_to_openai_tool(each)["function"] for each in tools]
        return self

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        self.seen.append(copy.deepcopy(messages))
        return ChatResult(generations=[ChatGeneration(message=self.say(messages))])

    def say(self, messages: list[BaseMessage]) -> AIMessage:
        asked = next(m.text for m in reversed(messages) if isinstance(m, HumanMessage))
        pattern, _ = QUESTIONS[asked]
        if isinstance(messages[-1], HumanMessage):
            args = {"path": "app.log"}
            if any("looking_for" in each["parameters"]["properties"] for each in self.tools):
                args["looking_for"] = self.looks_for
            return call("read_log", args, len(messages))
        if found := re.search(pattern, messages[-1].text):
            return AIMessage(f"It is {found[1]}.")
        ref = re.search(r'ref="(\w+)"', messages[-1].text)
        return (
            call("expand", {"ref": ref[1], "query": asked}, len(messages)) if ref else AIMessage("No idea.")
        )


def call(name: str, args: dict[str, Any], number: int) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": f"call-{number}"}])


def middleware(**given: Any) -> SemTokenMiddleware:
    fields = {"min_tokens": 60, "max_tokens": 60, "config": AgentConfig(on_error="raise"), **given}
    return SemTokenMiddleware(ENGINE, **fields)


def invoke(agent: Any, asked: dict[str, Any], config: Any = None) -> dict[str, Any]:
    return agent.invoke(asked, config)


def ainvoke(agent: Any, asked: dict[str, Any], config: Any = None) -> dict[str, Any]:
    return asyncio.run(agent.ainvoke(asked, config))


def astream(agent: Any, asked: dict[str, Any], config: Any = None) -> dict[str, Any]:
    async def last() -> dict[str, Any]:
        return [state async for state in agent.astream(asked, config, stream_mode="values")][-1]

    return asyncio.run(last())


@pytest.mark.parametrize("looks_for", ["the answer", "steps of worker 3"], ids=["found", "expanded"])
@pytest.mark.parametrize("asked", QUESTIONS)
@pytest.mark.parametrize("run", [invoke, ainvoke, astream])
def test_answers_are_the_same_from_fewer_tokens(run: Callable[..., Any], asked: str, looks_for: str):
    input_ = {"messages": [HumanMessage(asked)]}
    plain = run(create_agent(Scripted(), [read_log]), input_)
    made, model = middleware(), Scripted(looks_for=looks_for)
    short = run(create_agent(model, [read_log], middleware=[made]), input_)
    assert short["messages"][-1].text == plain["messages"][-1].text == f"It is {QUESTIONS[asked][1]}."
    result = next(m for m in short["messages"] if isinstance(m, ToolMessage))
    note = result.response_metadata["semtoken"]
    assert made.results.originals.get(note["ref"]) == plain["messages"][2].text
    assert tokens_saved(short["messages"]) == words(plain["messages"][2].text) - words(result.text) > 2000
    before, after = (sum(words(m.text) for m in state["messages"]) for state in (plain, short))
    assert after < before / 5


def test_what_is_left_out_is_expanded():
    made, asked = middleware(), next(iter(QUESTIONS))
    hidden = "\n".join(line for line in LINES if "5432" not in line)
    ref = made.results.originals.put(LOG)
    model = Scripted()
    calls = [HumanMessage(asked), call("read_log", {"path": "a"}, 0)]
    calls.append(ToolMessage(f'{hidden[:200]}\n[expand(ref="{ref}")]', tool_call_id="call-0"))
    state = create_agent(model, [read_log], middleware=[made]).invoke({"messages": calls})
    assert [m.name for m in state["messages"] if isinstance(m, ToolMessage)] == [None, "expand"]
    assert state["messages"][-1].text == "It is 5432."


def test_an_unknown_ref_is_an_error_that_the_model_reads():
    message = (
        middleware()
        .tools[0]
        .invoke({"name": "expand", "args": {"ref": "0000", "query": "x"}, "id": "1", "type": "tool_call"})
    )
    assert message.status == "error"
    assert message.content.startswith("no original is kept under ref '0000'")


def test_the_model_says_what_it_looks_for_and_the_tool_does_not_see_it():
    asked = next(iter(QUESTIONS))
    got: list[dict[str, Any]] = []

    @tool
    def read_log(path: str, **kwargs: Any) -> str:
        """Return a log file."""
        got.append({"path": path, **kwargs})
        return LOG

    model = Scripted(looks_for="the port")
    create_agent(model, [read_log], middleware=[middleware()]).invoke({"messages": [HumanMessage(asked)]})
    schema = {each["name"]: each["parameters"] for each in model.tools}
    assert schema["read_log"]["properties"]["looking_for"]["type"] == "string"
    assert schema["read_log"]["required"] == ["path"]
    assert "looking_for" not in schema["expand"]["properties"]
    assert not any("looking_for" in each for each in got)
    quiet = Scripted()
    config = AgentConfig(looking_for=None)
    create_agent(quiet, [read_log], middleware=[middleware(config=config)]).invoke(
        {"messages": [HumanMessage(asked)]}
    )
    assert not any("looking_for" in each["parameters"]["properties"] for each in quiet.tools)


@pytest.mark.parametrize("how", ["context", "config", "tools"])
def test_a_request_or_a_tool_can_be_left_out(how: str):
    asked = {"messages": [HumanMessage(next(iter(QUESTIONS)))]}
    config = AgentConfig(tools=["other"]) if how == "tools" else None
    agent = create_agent(Scripted(), [read_log], middleware=[middleware(config=config)], context_schema=dict)
    state = agent.invoke(
        asked,
        {"configurable": {"semtoken": how != "config"}},
        context={"semtoken": how != "context"},
    )
    assert state["messages"][2].text == f"$ cat app.log\n{LOG}"
    assert tokens_saved(state["messages"]) == 0


def compressed(message: Any, **given: Any) -> Any:
    """Return what becomes of a tool's message."""
    from langchain.agents.middleware.types import ToolCallRequest

    request = ToolCallRequest(
        tool_call={"name": "read_log", "args": {"path": "a"}, "id": "1"},
        tool=read_log,
        state={"messages": []},
        runtime=None,
    )
    return middleware(**given).wrap_tool_call(request, lambda _: message)


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 900}}


def test_images_artifacts_and_short_parts_stay():
    artifact = [Document(LOG)]
    parts = [{"type": "text", "text": "Short."}, IMAGE, {"type": "text", "text": LOG}]
    given = ToolMessage(parts, tool_call_id="1", artifact=artifact)
    kept = copy.deepcopy(given)
    made = compressed(given)
    assert given == kept
    assert made.artifact is artifact
    assert made.content[:2] == parts[:2]
    assert words(made.content[2]["text"]) <= 60
    only = ToolMessage([IMAGE], tool_call_id="1")
    assert compressed(only) is only


def test_bytes_and_errors_as_tools_give_them():
    noise = ToolMessage(repr(bytes(range(256)) * 400), tool_call_id="1")
    assert words(compressed(noise).content) <= 60
    failed = ToolMessage(f"It broke.\n{LOG}\nNo such port.", tool_call_id="1", status="error")
    lines = compressed(failed).content.splitlines()
    assert (lines[0], lines[-2]) == ("It broke.", "No such port.")


def test_a_command_passes():
    from langgraph.types import Command

    command = Command(update={"messages": [ToolMessage(LOG, tool_call_id="1")]})
    assert compressed(command) is command


class Broken(Originals):
    """Keeps nothing."""

    def put(self, text: str) -> str:
        raise OSError("disk full")


def test_a_failure_passes_the_result_on_flagged():
    made = compressed(ToolMessage(LOG, tool_call_id="1"), originals=Broken(), config=AgentConfig())
    assert made.content == LOG
    assert made.response_metadata["semtoken"]["failure"] == "OSError: disk full"
    with pytest.raises(OSError, match="disk full"):
        compressed(ToolMessage(LOG, tool_call_id="1"), originals=Broken())


def test_retrieved_documents_stand_before_the_question_and_stay_there():
    asked, found = list(QUESTIONS), []

    def retrieve(question: str) -> list[Document]:
        found.append(question)
        return [Document(f"{BREAD} It is {QUESTIONS[question][1]}."), Document(f"{PARIS} {ROME}")]

    class Answers(Scripted):
        def say(self, messages: list[BaseMessage]) -> AIMessage:
            return AIMessage("Yes.")

    model = Answers()
    agent = create_agent(
        model, [], middleware=[middleware(retriever=RunnableLambda(retrieve))], checkpointer=InMemorySaver()
    )
    for question in asked:
        state = agent.invoke({"messages": [HumanMessage(question)]}, {"configurable": {"thread_id": "1"}})
    assert [m.text for m in state["messages"]] == [asked[0], "Yes.", asked[1], "Yes."]
    first, second = ([m.text for m in messages] for messages in model.seen)
    assert second[:1] == first  # the context of the first turn too, as a prompt cache holds it
    assert second[2].startswith("Context:\n")
    assert second[2].endswith(f"Question: {asked[1]}")
    assert found == asked


def test_an_empty_history_passes():
    seen = []
    request = ModelRequest(model=Scripted(), messages=[], tools=[read_log])
    for retriever in (None, RunnableLambda(lambda _: [Document(PARIS)])):
        middleware(retriever=retriever).wrap_model_call(request, lambda r: seen.append(r.messages))
    assert seen == [[], []]


TEXT = st.lists(st.sampled_from([PARIS, BREAD, ROME, LOG[:900]]), min_size=1, max_size=3).map("\n".join)
TURN = st.tuples(TEXT, st.lists(TEXT | st.just([IMAGE]), max_size=3), TEXT, st.booleans())


def conversation(turns: list[Any]) -> list[BaseMessage]:
    said: list[BaseMessage] = [SystemMessage(f"{BREAD} {PARIS} {ROME}", id="system")]
    for t, (asked, results, answer, together) in enumerate(turns):
        said.append(HumanMessage(asked, id=f"human {t}"))
        calls = [
            {"name": "read_log", "args": {"path": str(i)}, "id": f"{t}-{i}"} for i in range(len(results))
        ]
        groups = [calls] if together and calls else [[each] for each in calls]
        for group in groups:
            said.append(AIMessage("", tool_calls=group, id=f"ai {t}-{group[0]['id']}"))
            for each in group:
                content = results[int(each["args"]["path"])]
                said.append(ToolMessage(content, tool_call_id=each["id"], id=f"tool {each['id']}"))
        said.append(AIMessage(answer, id=f"ai {t}"))
    return said


def frame(message: BaseMessage) -> tuple[Any, ...]:
    """All of a message but its text."""
    calls = json.dumps(getattr(message, "tool_calls", None))
    return type(message), message.id, calls, getattr(message, "tool_call_id", None)


@given(st.lists(TURN, max_size=4))
@settings(max_examples=12, deadline=None)
def test_no_history_is_torn_and_what_was_sent_is_sent_again(turns: list[Any]):
    made = middleware(config=AgentConfig(history_tokens=400, keep_turns=2, on_error="raise"))
    messages = conversation(turns)
    kept, system = copy.deepcopy(messages), SystemMessage(f"{ROME} {BREAD}")
    before: list[BaseMessage] = []
    shortened: set[str | None] = set()
    for n in range(len(messages) + 1):
        request = ModelRequest(model=Scripted(), messages=messages[:n], system_message=system)
        sent: list[Any] = []
        made.wrap_model_call(request, sent.append)
        now = sent[0].messages
        assert sent[0].system_message == system
        assert list(map(frame, now)) == list(map(frame, messages[:n]))
        assert now[:1] == messages[: min(n, 1)]
        changed = {old.id for old, new in zip(before, now, strict=False) if old.content != new.content}
        assert not changed & shortened
        if changed:  # a checkpoint
            assert sum(words(m.text) for m in now[:-1]) < sum(words(m.text) for m in before)
        shortened |= changed
        before = now
    assert messages == kept


def test_what_is_too_large_to_be_kept_and_parts_without_a_type_are_compressed_too():
    made = compressed(ToolMessage(LOG, tool_call_id="1"), originals=Originals(100))
    assert words(made.content) <= 60
    assert "ref" not in made.response_metadata["semtoken"]
    made = compressed(ToolMessage([LOG, "Short."], tool_call_id="1"))
    assert words(made.content[0]) <= 60
    assert made.content[1] == "Short."


def test_what_a_tool_returns_to_the_user_directly_stays():
    asked = next(iter(QUESTIONS))
    direct = read_log.model_copy(update={"return_direct": True})
    model = Scripted(looks_for="the port")
    agent = create_agent(model, [direct], middleware=[middleware()])
    state = agent.invoke({"messages": [HumanMessage(asked)]})
    assert state["messages"][-1].text == read_log.invoke("app.log")
    assert "looking_for" not in model.tools[0]["parameters"]["properties"]


def old_schema() -> Any:
    from pydantic import v1

    return v1.create_model("Path", path=(str, ...))


@pytest.mark.parametrize("kind", ["free text", "pydantic 1", "JSON schema"])
def test_the_parameter_is_all_that_a_tools_schema_gains(kind: str):
    given: dict[str, Any] = {"name": "read_log", "description": "Reads.", "func": lambda path: LOG}
    if kind == "free text":
        own: BaseTool = Tool(**given)
    elif kind == "pydantic 1":
        own = StructuredTool(**given, args_schema=old_schema())
    else:
        fields = {"path": {"type": "string"}}
        own = StructuredTool(**given, args_schema={"type": "object", "properties": fields})
    more = convert_to_openai_tool(with_parameter(own, "looking_for"))
    asked = more["function"]["parameters"]["properties"].pop("looking_for")
    plain = convert_to_openai_tool(own)
    for each in plain["function"]["parameters"]["properties"].values():
        each.pop("title", None)
    assert asked["type"] == "string"
    assert more == plain
    assert without_parameter(own, "looking_for", {"looking_for": "x", "path": "a"}) == {"path": "a"}


def test_what_was_sent_stays_when_the_retriever_fails_later():
    found = iter([[Document(PARIS)], OSError("down")])

    def retrieve(question: str) -> list[Document]:
        if isinstance(said := next(found), Exception):
            raise said
        return said

    made, sent = middleware(retriever=RunnableLambda(retrieve), config=AgentConfig()), []
    turns = [HumanMessage("How tall is it?"), AIMessage("330 metres."), HumanMessage("Who built it?")]
    for n in (1, 3):
        request = ModelRequest(model=Scripted(), messages=turns[:n])
        made.wrap_model_call(request, lambda r: sent.append(r.messages))
    assert sent[0][0].text.startswith("Context:\n")
    assert sent[1] == [*sent[0], *turns[1:]]


def test_a_retriever_may_be_async_alone():
    async def retrieve(question: str) -> list[Document]:
        return [Document(PARIS)]

    class Answers(Scripted):
        def say(self, messages: list[BaseMessage]) -> AIMessage:
            return AIMessage(messages[-1].text)

    made = middleware(retriever=RunnableLambda(retrieve))
    state = ainvoke(create_agent(Answers(), [], middleware=[made]), {"messages": [HumanMessage("How tall?")]})
    assert state["messages"][-1].text.startswith("Context:\n")


def test_an_original_that_cannot_be_read_is_an_error_that_the_model_reads():
    class Unreadable(Originals):
        def get(self, ref: str) -> str:
            raise OSError("down")

    called = {"name": "expand", "args": {"ref": "0000"}, "id": "1", "type": "tool_call"}
    message = middleware(originals=Unreadable(), config=AgentConfig()).tools[0].invoke(called)
    assert message.status == "error"
    assert message.content == "the original under ref '0000' cannot be read now: OSError"
    with pytest.raises(OSError, match="down"):
        middleware(originals=Unreadable()).tools[0].invoke(called)


def test_bad_arguments_are_refused_with_their_value():
    for name, bad in {"originals": "sqlite:///a.db", "config": {}, "retriever": "docs"}.items():
        with pytest.raises(ValueError, match=f"^{name} must be an? .*, got {bad!r}"):
            middleware(**{name: bad})
    with pytest.raises(ValueError, match=r"^engine must be a SemToken, got 'static'"):
        SemTokenMiddleware("static")
    own = read_log.model_copy(update={"name": "expand"})  # which create_agent prefers to that of a middleware
    agent = create_agent(Scripted(), [own], middleware=[middleware()])
    with pytest.raises(ValueError, match=r"^a tool is named 'expand' already"):
        agent.invoke({"messages": [HumanMessage(next(iter(QUESTIONS)))]})
