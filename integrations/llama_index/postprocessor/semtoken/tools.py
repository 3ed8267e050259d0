"""`SemTokenTools`: tools of an agent whose long outputs are compressed for the question at hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llama_index.core.base.llms.types import TextBlock
from llama_index.core.tools import BaseTool, FunctionTool, ToolMetadata, ToolOutput
from llama_index.core.tools.types import adapt_to_async_tool
from pydantic import Field, create_model

from semtoken_rag import SemToken
from semtoken_rag.agents import (
    AgentConfig,
    Originals,
    ToolResultCompressor,
    UnknownRef,
    question_of,
)
from semtoken_rag.agents.config import ASKS, EXPAND, resolve_config

ASKED = "user_msg_str"  # where LlamaIndex's agents keep what the user said


class SemTokenTools:
    """Compress the long outputs of an agent's tools.

    An output is compressed once, for what the user said, the arguments of the call, and what the model says
    it looks for; so the agent's memory holds the compressed text. ``ToolOutput.raw_output`` is the tool's own
    value still, the original text is in ``originals``, and the tool ``expand`` returns what was left out.
    Images and other blocks stay. Tools that return directly to the user are left alone. What the user said is
    known in `FunctionAgent`, `ReActAgent` and `AgentWorkflow`, whose context may hold ``semtoken`` = False to
    switch the compression off for a run.

    Parameters
    ----------
    engine
        Chooses, and counts tokens; None: `SemToken()`.
    originals
        Keeps the originals; None: those of the last 64 MiB, in memory.
    min_tokens
        An output of no more tokens is left as it is.
    max_tokens
        Most tokens of a compressed output.
    config
        See `semtoken_rag.agents.AgentConfig`; None: the defaults. Histories are not shortened.

    Attributes
    ----------
    tokens_before, tokens_after
        Tokens of all outputs that were compressed, and of what the model was given in their place.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    ::

        agent = FunctionAgent(tools=SemTokenTools(max_tokens=300).wrap([read_log]), llm=llm)
    """

    def __init__(
        self,
        engine: SemToken | None = None,
        originals: Originals | None = None,
        *,
        min_tokens: int = 1000,
        max_tokens: int = 500,
        config: AgentConfig | None = None,
    ) -> None:
        self.config = resolve_config(config)
        self.results = ToolResultCompressor(
            engine,
            originals,
            min_tokens=min_tokens,
            max_tokens=max_tokens,
            tool=self.config.expand,
            on_error=self.config.on_error,
        )
        self.tokens_before = self.tokens_after = 0
        self._lock = threading.Lock()

    def wrap(self, tools: Sequence[BaseTool | Any]) -> list[BaseTool]:
        """Return tools that compress, and the tool that expands.

        Parameters
        ----------
        tools
            Tools or functions, which are not changed.

        Returns
        -------
        list of BaseTool
            As many as ``tools``, and one more.

        Raises
        ------
        ValueError
            If a tool has the name of the one that expands.
        """
        made = [tool if isinstance(tool, BaseTool) else FunctionTool.from_defaults(tool) for tool in tools]
        self.config.check_tools([tool.metadata.get_name() for tool in made])
        return [*map(self._wrapped, made), self._expand_tool()]

    def compress(self, output: ToolOutput, question: str) -> ToolOutput:
        """Return a copy of an output with its long texts compressed, or the output itself."""
        blocks, changed = [], False
        for block in output.blocks:
            if isinstance(block, TextBlock):
                result = self.results.compress(block.text, question, error=output.is_error)
                if result.text is not block.text:
                    block = block.model_copy(update={"text": result.text})
                    changed = True
                    with self._lock:
                        self.tokens_before += result.tokens_before
                        self.tokens_after += result.tokens_after
            blocks.append(block)
        return output.model_copy(update={"blocks": blocks}) if changed else output

    def _wrapped(self, tool: BaseTool) -> BaseTool:
        metadata = tool.metadata
        if metadata.return_direct or not self.config.takes(metadata.get_name()):
            return tool
        return CompressedTool(tool, self)

    def _expand_tool(self) -> BaseTool:
        def run(ref: str, query: str = "") -> str:
            try:
                return self.results.expand(ref, query, max_tokens=self.config.expand_tokens)
            except UnknownRef as error:
                return f"Error: {error}"

        return FunctionTool.from_defaults(run, name=self.config.expand, description=EXPAND)


class CompressedTool(FunctionTool):  # agents pass their context to this class alone
    """A tool whose long outputs are compressed.

    Parameters
    ----------
    tool
        The tool, which is not changed.
    tools
        Compresses.
    """

    def __init__(self, tool: BaseTool, tools: SemTokenTools) -> None:
        self._tool, self._tools = adapt_to_async_tool(tool), tools
        asks, schema = tools.config.looking_for, tool.metadata.fn_schema
        self._asks = asks if schema is not None and asks not in schema.model_fields else None
        super().__init__(
            fn=tool.real_fn if isinstance(tool, FunctionTool) else self._tool.call,
            metadata=_with_parameter(tool.metadata, self._asks) if self._asks else tool.metadata,
        )
        self._needs_context = bool(getattr(tool, "requires_context", False))
        self.requires_context = True
        self.ctx_param_name = getattr(tool, "ctx_param_name", None) or "ctx"
        while not self._needs_context and schema is not None and self.ctx_param_name in schema.model_fields:
            self.ctx_param_name += "_"  # the tool has a parameter of its own by that name

    def call(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Call the tool, and compress what it returns."""
        output = self._tool.call(*args, **self._own(kwargs))
        return self._tools.compress(output, self._question(kwargs, ""))

    async def acall(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Do the same without blocking the event loop."""
        output = await self._tool.acall(*args, **self._own(kwargs))
        asked, context = "", kwargs.get(self.ctx_param_name or "")
        if context is not None:
            if await context.store.get(self._tools.config.switch, default=True) is False:
                return output
            asked = await context.store.get(ASKED, default="") or ""
        return await asyncio.to_thread(self._tools.compress, output, self._question(kwargs, asked))

    def _own(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments that the tool itself knows."""
        hidden = {self._asks, None if self._needs_context else self.ctx_param_name}
        return {name: value for name, value in given.items() if name not in hidden}

    def _question(self, given: dict[str, Any], asked: str) -> str:
        arguments = {name: value for name, value in given.items() if name != self.ctx_param_name}
        looking_for = arguments.pop(self._tools.config.looking_for or "", "")
        return question_of(asked, arguments, looking_for if isinstance(looking_for, str) else "")


def _with_parameter(metadata: ToolMetadata, name: str) -> ToolMetadata:
    schema: Any = metadata.fn_schema
    more: dict[str, Any] = {name: (str, Field(default="", description=ASKS))}
    return replace(metadata, fn_schema=create_model(schema.__name__, __base__=schema, **more))
