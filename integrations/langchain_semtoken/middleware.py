"""`SemTokenMiddleware`: long tool results, retrieved context and old turns of an agent in fewer tokens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from semtoken_rag._internal.optional import require

require("langchain", extra="agents")

from langchain.agents.middleware import AgentMiddleware  # noqa: E402  (the check above names the extra)
from langchain.agents.middleware.types import ModelRequest, ModelResponse, ToolCallRequest  # noqa: E402
from langchain_core.documents import Document  # noqa: E402
from langchain_core.messages import ToolMessage  # noqa: E402
from langchain_core.runnables import Runnable  # noqa: E402
from langchain_core.tools import BaseTool, StructuredTool, ToolException  # noqa: E402
from langgraph.config import get_config  # noqa: E402
from langgraph.types import Command  # noqa: E402

from langchain_semtoken.documents import to_chunks  # noqa: E402
from langchain_semtoken.messages import last_human, read_message, with_results, with_texts  # noqa: E402
from langchain_semtoken.tool_parameter import with_parameter, without_parameter  # noqa: E402
from semtoken_rag import SemToken  # noqa: E402
from semtoken_rag.agents import (  # noqa: E402
    AgentConfig,
    History,
    Originals,
    ToolResultCompressor,
    UnknownRef,
    question_of,
)
from semtoken_rag.agents.config import EXPAND, resolve_config  # noqa: E402

log = logging.getLogger(__name__)

CONTEXT = "Context:\n{context}\n\nQuestion: {question}"
Result = ToolMessage | Command[Any]
Retrieve = Callable[[str], list[Document]]


class SemTokenMiddleware(AgentMiddleware[Any, Any, Any]):
    """Give a model what the question at hand needs of tool results, retrieved documents and old turns.

    A long result of a tool is compressed once, when the tool returns it, for the last human message, the
    arguments of the call, and what the model says it looks for. The agent's state, and so a checkpointer,
    holds the compressed message, whose ``response_metadata`` has the key ``semtoken``; the original is in
    ``originals``, and the tool ``expand`` returns what was left out. Images, artifacts and other parts of a
    message stay. Retrieved documents and shortened old turns are in the request alone: the state holds what
    was said. What was sent once is sent with the same bytes again, but for a checkpoint of the history, see
    `semtoken_rag.agents.History`; system messages are never changed, and no message is removed.

    A request whose context or configuration has ``semtoken=False`` is passed on as it is.

    Parameters
    ----------
    engine
        Chooses, and counts tokens; None: `SemToken()`.
    originals
        Keeps the originals; None: those of the last 64 MiB, in memory. Give one with a ``store`` if
        conversations outlive the process.
    min_tokens
        A result of no more tokens is left as it is.
    max_tokens
        Most tokens of a compressed result, and of the documents that ``retriever`` finds.
    retriever
        Finds documents for each human message, which are put before it; None: none are. Conversations that
        begin alike share what it found: one whose results depend on the user needs a middleware for each.
    config
        See `semtoken_rag.agents.AgentConfig`; None: the defaults.

    Raises
    ------
    ImportError
        If langchain is missing; the extra is ``agents``.
    ValueError
        If an argument is out of range.

    Examples
    --------
    ::

        agent = create_agent(model, tools=[read_log], middleware=[SemTokenMiddleware(max_tokens=300)])
        agent.invoke({"messages": [HumanMessage("Which port was refused?")]})
        agent.invoke(..., config={"configurable": {"semtoken": False}})  # as if it were not there
    """

    def __init__(
        self,
        engine: SemToken | None = None,
        originals: Originals | None = None,
        *,
        min_tokens: int = 1000,
        max_tokens: int = 500,
        retriever: Runnable[str, list[Document]] | None = None,
        config: AgentConfig | None = None,
    ) -> None:
        super().__init__()
        if retriever is not None and not isinstance(retriever, Runnable):
            raise ValueError(f"retriever must be a Runnable, got {retriever!r:.80}")
        self.config = resolve_config(config)
        self.results = ToolResultCompressor(
            engine,
            originals,
            min_tokens=min_tokens,
            max_tokens=max_tokens,
            tool=self.config.expand,
            on_error=self.config.on_error,
        )
        self.history = History(
            self.results, max_tokens=self.config.history_tokens, keep_turns=self.config.keep_turns
        )
        self.retriever = retriever
        self._expand = _expand_tool(self.results, self.config)
        self.tools: Sequence[BaseTool] = [self._expand]

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Send the conversation with the forms of its messages."""
        return handler(self._prepared(request, self.retriever.invoke if self.retriever else None))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Do the same without blocking the event loop."""
        retriever, loop = self.retriever, asyncio.get_running_loop()

        def retrieve(question: str) -> list[Document]:  # in the thread; some retrievers are async alone
            assert retriever is not None
            return asyncio.run_coroutine_threadsafe(retriever.ainvoke(question), loop).result()

        prepared = await asyncio.to_thread(self._prepared, request, retrieve if retriever else None)
        return await handler(prepared)

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Result]
    ) -> Result:
        """Call the tool, and compress what it returns."""
        return self._compressed(request, handler(self._plain(request)))

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Result]]
    ) -> Result:
        """Do the same without blocking the event loop."""
        return await asyncio.to_thread(self._compressed, request, await handler(self._plain(request)))

    def _prepared(self, request: ModelRequest[Any], retrieve: Retrieve | None) -> ModelRequest[Any]:
        """Return the request as it is sent."""
        tools, name = request.tools, self.config.looking_for
        expands = self._expand.func  # which a copy of the tool has too
        others = [t for t in tools if isinstance(t, BaseTool) and getattr(t, "func", None) is not expands]
        self.config.check_tools([tool.name for tool in others])
        if name is not None:  # whatever the switch says, since the tools are a part of what a cache holds
            tools = [self._with_parameter(tool, name) for tool in tools]
        request = request.override(tools=tools)
        context = getattr(request.runtime, "context", None)
        if not self._is_on(context, _run_config()) or not request.messages:
            return request
        if retrieve is None and self.history.max_tokens is None:
            return request
        try:
            read = [read_message(message) for message in request.messages]
            add = partial(self._with_context, retrieve) if retrieve else None
            forms = self.history.forms(read, last_human(request.messages), add_context=add)
            return request.override(messages=with_texts(request.messages, forms.texts))
        except Exception as error:
            if self.config.on_error == "raise":
                raise
            log.warning("a conversation is sent as it is: %s", type(error).__name__)
            return request

    def _with_parameter(self, tool: Any, name: str) -> Any:
        return with_parameter(tool, name) if isinstance(tool, BaseTool) and self._takes(tool) else tool

    def _takes(self, tool: BaseTool | None, name: str = "") -> bool:
        """Return whether a tool's results are compressed; those that go to the user directly are not."""
        if tool is None:
            return self.config.takes(name)
        return self.config.takes(tool.name) and not tool.return_direct

    def _with_context(self, retrieve: Retrieve, question: str) -> str | None:
        """Retrieve for a question; return it with what is kept of the documents before it."""
        taken = to_chunks(retrieve(question), "title")
        chunks = list(taken.chunks.values())
        context = self.results.engine.compress(chunks, question, max_tokens=self.results.max_tokens)
        return CONTEXT.format(context=context.text, question=question) if context.text else None

    def _plain(self, request: ToolCallRequest) -> ToolCallRequest:
        """Return the call as the tool knows it; `expand` is asked for what the user said too."""
        call, name = request.tool_call, self.config.looking_for
        arguments = call["args"]
        if call["name"] == self.config.expand:
            if isinstance(query := arguments.get("query"), str) and query.strip():
                asked = last_human(_messages(request.state))
                arguments = {**arguments, "query": question_of(asked, {}, query)}
        elif name is not None:
            arguments = without_parameter(request.tool, name, arguments)
        if arguments is call["args"]:
            return request
        return request.override(tool_call={**call, "args": arguments})

    def _compressed(self, request: ToolCallRequest, result: Result) -> Result:
        call, runtime = request.tool_call, request.runtime
        on = self._is_on(getattr(runtime, "context", None), getattr(runtime, "config", None))
        if not on or not isinstance(result, ToolMessage) or not self._takes(request.tool, call["name"]):
            return result
        arguments = dict(call["args"])
        looking_for = arguments.pop(self.config.looking_for, "") if self.config.looking_for else ""
        asked = last_human(_messages(request.state))
        question = question_of(asked, arguments, looking_for if isinstance(looking_for, str) else "")
        is_error = result.status == "error"
        return with_results(result, partial(self.results.compress, question=question, error=is_error))

    def _is_on(self, context: Any, config: Mapping[str, Any] | None) -> bool:
        """Return whether a request is not switched off, by its context or its configuration."""
        key = self.config.switch
        said = context.get(key) if isinstance(context, Mapping) else getattr(context, key, None)
        configured = ((config or {}).get("configurable") or {}).get(key)
        return said is not False and configured is not False


def _expand_tool(results: ToolResultCompressor, config: AgentConfig) -> StructuredTool:
    def run(ref: str, query: str = "") -> str:
        try:
            return results.expand(ref, query, max_tokens=config.expand_tokens)
        except UnknownRef as error:
            raise ToolException(str(error)) from error

    return StructuredTool.from_function(run, name=config.expand, description=EXPAND, handle_tool_error=True)


def _messages(state: Any) -> Sequence[Any]:
    if isinstance(state, Mapping):
        return state.get("messages") or []
    return state if isinstance(state, list) else getattr(state, "messages", None) or []


def _run_config() -> Mapping[str, Any] | None:
    """Return the configuration of the run; None outside one, and in coroutines before Python 3.11."""
    try:
        return get_config()
    except RuntimeError:
        return None
