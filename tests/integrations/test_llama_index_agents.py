"""The tools of LlamaIndex's agents: the same answers from fewer tokens."""

from __future__ import annotations

import asyncio
import re
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("llama_index.core")
from llama_index.core.agent.workflow import FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ImageBlock, MessageRole, TextBlock
from llama_index.core.llms import LLMMetadata
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.tools import FunctionTool, ToolOutput, ToolSelection
from llama_index.core.tools.types import BaseTool, ToolMetadata
from llama_index.core.workflow import Context

from llama_index.postprocessor.semtoken import SemTokenTools
from semtoken_rag import SemToken
from semtoken_rag.agents import AgentConfig
from tests.support.samples import words

pytestmark = [
    # LlamaIndex's workflows look at every attribute of an agent, pydantic's old ones too ...
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning"),
    # ... and its ReActAgent asks its own workflow in a way that is deprecated there.
    pytest.mark.filterwarnings("ignore:is_running called from within a step:DeprecationWarning"),
    # The workflows of the lowest version make what they themselves call deprecated.
    pytest.mark.filterwarnings("ignore:ServiceManager is deprecated:DeprecationWarning"),
]

ENGINE = SemToken(encoder="static", token_counter=words, on_error="raise")
LINES = [f"2026-11-30 12:00 INFO worker {i % 7} did step {i}" for i in range(400)]
LINES[211] = "2026-11-30 12:00 ERROR the billing database refused port 5432"
LOG = "\n".join(LINES)
ASKED = "Which port did the billing database refuse?"


def read_log(path: str) -> str:
    """Return a log file."""
    return f"$ cat {path}\n{LOG}"


class Scripted(FunctionCallingLLM):
    """Calls the tool, looks for the answer in what it gets, and asks for more if it is not there."""

    looks_for: str = ""
    react: bool = False
    seen: list[str] = []  # noqa: RUF012  (a field: pydantic copies it)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_function_calling_model=not self.react, is_chat_model=True)

    def say(self, messages: list[ChatMessage]) -> tuple[str, dict[str, Any] | None]:
        text = messages[-1].content or ""
        self.seen.append(text)
        if text == ASKED:
            more = {"looking_for": self.looks_for} if self.looks_for else {}
            return "read_log", {"path": "app.log", **more}
        if found := re.search(r"refused port (\d+)", text):
            return f"It is {found[1]}.", None
        return "expand", {"ref": re.search(r'ref="(\w+)"', text)[1], "query": ASKED}

    def answer(self, messages: list[ChatMessage]) -> ChatResponse:
        said, call = self.say(messages)
        if not self.react:
            extra = {} if call is None else {"tool_calls": [(said, call)]}
            text = said if call is None else ""
        else:
            extra = {}
            step = f"Thought: I can answer.\nAnswer: {said}"
            text = (
                step
                if call is None
                else f"Thought: I need a tool.\nAction: {said}\nAction Input: {call!r}".replace("'", '"')
            )
        message = ChatMessage(role=MessageRole.ASSISTANT, content=text, additional_kwargs=extra)
        return ChatResponse(message=message, delta=text)

    def chat(self, messages: Any, **kwargs: Any) -> ChatResponse:
        return self.answer(messages)

    async def achat(self, messages: Any, **kwargs: Any) -> ChatResponse:
        return self.answer(messages)

    async def astream_chat(self, messages: Any, **kwargs: Any) -> Any:
        async def parts() -> Any:
            yield self.answer(messages)

        return parts()

    async def astream_chat_with_tools(self, tools: Any, **kwargs: Any) -> Any:
        return await self.astream_chat(kwargs["chat_history"])

    def get_tool_calls_from_response(self, response: Any, **kwargs: Any) -> list[ToolSelection]:
        calls = response.message.additional_kwargs.get("tool_calls", [])
        return [ToolSelection(tool_id="1", tool_name=n, tool_kwargs=args) for n, args in calls]

    def _prepare_chat_with_tools(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    complete = acomplete = stream_complete = astream_complete = stream_chat = _prepare_chat_with_tools


def tools(**given: Any) -> SemTokenTools:
    fields = {"min_tokens": 60, "max_tokens": 60, "config": AgentConfig(on_error="raise"), **given}
    return SemTokenTools(ENGINE, **fields)


def run(agent: Any, **stored: Any) -> str:
    async def ask() -> str:
        context = Context(agent)
        for name, value in stored.items():
            await context.store.set(name, value)
        return str(await agent.run(user_msg=ASKED, ctx=context))

    return asyncio.run(ask())


@pytest.mark.parametrize("react", [False, True], ids=["FunctionAgent", "ReActAgent"])
@pytest.mark.parametrize("looks_for", ["", "steps of worker 3"], ids=["found", "maybe expanded"])
def test_answers_are_the_same_from_fewer_tokens(react: bool, looks_for: str):
    kind = ReActAgent if react else FunctionAgent
    plain, short, made = Scripted(react=react), Scripted(react=react, looks_for=looks_for), tools()
    whole = run(kind(tools=[read_log], llm=plain))
    assert run(kind(tools=made.wrap([read_log]), llm=short)) == whole == "It is 5432."
    assert made.tokens_after <= 60
    assert made.tokens_before - made.tokens_after > 2000
    assert sum(map(words, short.seen)) < sum(map(words, plain.seen)) / 5


def test_a_run_can_be_switched_off():
    made = tools()
    assert run(FunctionAgent(tools=made.wrap([read_log]), llm=Scripted()), semtoken=False) == "It is 5432."
    assert made.tokens_before == 0


def test_sync_and_async_calls_say_the_same_and_keep_the_raw_output():
    tool, expand = tools().wrap([FunctionTool.from_defaults(read_log)])
    called = tool(path="a", looking_for="refused port")
    awaited = asyncio.run(tool.acall(path="a", looking_for="refused port"))
    assert called.content == awaited.content
    assert "5432" in called.content
    assert called.raw_output == f"$ cat a\n{LOG}"
    ref = re.search(r'ref="(\w+)"', called.content)[1]
    assert expand(ref=ref).content == f"$ cat a\n{LOG}"[: len(expand(ref=ref).content)]
    assert expand(ref="0000").content.startswith("Error: no original is kept under ref '0000'")


class Empty:
    """The store of a run's context, with nothing in it."""

    async def get(self, name: str, default: Any) -> Any:
        return default


def test_the_model_says_what_it_looks_for_and_the_tool_does_not_see_it():
    def search(query: str, looking_for: str) -> str:
        return f"{query} {looking_for}"

    async def needs_context(ctx: Context, query: str) -> str:
        return f"{type(ctx).__name__} {query}"

    needs_context.__annotations__["ctx"] = Context  # LlamaIndex looks for the class, not for its name
    read, own, context, expand = tools().wrap([read_log, search, needs_context])
    assert list(read.metadata.get_parameters_dict()["properties"]) == ["path", "looking_for"]
    assert read.metadata.get_parameters_dict()["required"] == ["path"]
    assert own(query="a", looking_for="b").content == "a b"
    here = SimpleNamespace(store=Empty())
    called = context.acall(query="a", ctx=here, looking_for="x")
    assert asyncio.run(called).content == "SimpleNamespace a"
    assert list(expand.metadata.get_parameters_dict()["properties"]) == ["ref", "query"]
    plain = tools(config=AgentConfig(looking_for=None)).wrap([read_log])[0]
    assert list(plain.metadata.get_parameters_dict()["properties"]) == ["path"]


class Plain(BaseTool):
    """A tool without async."""

    metadata = ToolMetadata(name="plain", description="Returns blocks.", fn_schema=None)

    def __call__(self, input: Any) -> ToolOutput:
        blocks = [TextBlock(text="Short."), ImageBlock(url="http://a/b.png"), TextBlock(text=LOG)]
        return ToolOutput(tool_name="plain", blocks=blocks, raw_input={}, raw_output=None)


def test_a_tool_of_another_class_works_and_images_stay():
    (made, _), given = tools().wrap([Plain()]), Plain()("x")
    for output in (made("x"), asyncio.run(made.acall("x"))):
        assert output.blocks[:2] == given.blocks[:2]
        assert words(output.blocks[2].text) <= 60


def test_tools_that_are_not_taken_are_the_same_objects():
    direct = FunctionTool.from_defaults(read_log, return_direct=True)
    other = FunctionTool.from_defaults(read_log, name="other")
    assert tools(config=AgentConfig(tools=["read_log"])).wrap([direct, other])[:2] == [direct, other]
    short = FunctionTool.from_defaults(lambda: "Yes.", name="short")
    output = tools().wrap([short])[0]()
    assert output.content == "Yes."


def test_names_that_are_taken_are_left_to_the_callers_tools():
    def search(ctx: str) -> str:
        return f"{ctx}!"

    (own, _) = tools().wrap([search])
    here = SimpleNamespace(store=Empty())
    called = own.acall(**{"ctx": "a", own.ctx_param_name: here})
    assert asyncio.run(called).content == "a!"
    with pytest.raises(ValueError, match=r"^a tool is named 'expand' already"):
        tools().wrap([FunctionTool.from_defaults(search, name="expand")])
