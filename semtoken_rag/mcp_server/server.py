"""The server: its tools by name, their schemas, and their failures as one sentence each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from inspect import cleandoc
from typing import Any

import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ContentBlock,
    ListToolsResult,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import ValidationError

from semtoken_rag import SemToken, __version__
from semtoken_rag.agents.originals import UnknownRef
from semtoken_rag.deadline import Deadline
from semtoken_rag.mcp_server.folders import Folders
from semtoken_rag.mcp_server.tools import Compress, Expand, Result, Search, Tools
from semtoken_rag.web.fields import Strict

AT_ONCE = 4  # calls; more wait

SEARCH = """
    Find what the files of the user's folders say on a question: text, markdown, code, HTML, PDF, DOCX.
    Returns passages word for word, best first, each with its file and lines (or pages), within max_tokens.
    Use it in place of reading whole files. Folders: {folders}.
"""
COMPRESS = """
    Shorten long texts, such as tool results or pages, to what a question needs. Returns sentences of them
    word for word, in their order, within max_tokens; "…" marks a gap. What was left out stays within reach of
    expand.
"""
EXPAND = """
    Read more of an original behind a result of search_files or compress: give its ref, what you look for, and
    max_tokens.
"""

log = logging.getLogger(__name__)


def create_server(engine: SemToken, folders: Folders) -> Server[Any]:
    """Return the server, which any transport of the SDK can run.

    Parameters
    ----------
    engine
        Chooses what the tools return; its `Config.order` should be ``source``.
    folders
        What may be searched; without any there is no tool ``search_files``.

    Returns
    -------
    Server
        Of the SDK's low level.
    """
    tools = Tools(engine, folders)
    known: dict[str, tuple[type[Strict], Callable[[Any], Result], str]] = {
        "search_files": (Search, tools.search_files, SEARCH.format(folders=", ".join(folders.names))),
        "compress": (Compress, tools.compress, COMPRESS),
        "expand": (Expand, tools.expand, EXPAND),
    }
    if not folders.names:
        del known["search_files"]
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def list_tools(_: Any, __: Any) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(name, kind, text) for name, (kind, _, text) in known.items()])

    async def call_tool(_: Any, params: CallToolRequestParams) -> CallToolResult:
        if params.name not in known:
            return _failure(f"no tool has the name {params.name!r:.80}: there are {', '.join(known)}")
        kind, run, _ = known[params.name]
        work = Deadline()
        try:
            asked = kind.model_validate(params.arguments or {})
            result = await anyio.to_thread.run_sync(
                partial(work.run, partial(run, asked)), limiter=limiter, abandon_on_cancel=True
            )
        except ValidationError as error:
            return _failure("; ".join(map(_fault, error.errors())))
        except (ValueError, UnknownRef) as error:
            return _failure(" ".join(str(error).split()))
        except Exception as error:
            log.exception("%s failed", params.name)
            return _failure(f"{params.name} failed inside: {type(error).__name__}")
        finally:
            work.stop()  # the thread of a call that was cancelled ends at its next file or batch
        content: list[ContentBlock] = [TextContent(type="text", text=result.text)]
        if result.notes:
            content.append(TextContent(type="text", text="\n".join(result.notes)))
        return CallToolResult(content=content, structured_content=dict(result.data))

    return Server("semtoken", version=__version__, on_list_tools=list_tools, on_call_tool=call_tool)


async def serve(server: Server[Any]) -> None:
    """Run a server over standard input and output until its client goes; nothing else may write there."""
    try:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
    except Exception as error:
        if not _client_is_gone(error):
            raise


def _client_is_gone(error: BaseException) -> bool:
    """Return whether an error, or each one of a group, comes of a pipe that nobody reads any more."""
    parts = getattr(error, "exceptions", ())
    return all(map(_client_is_gone, parts)) if parts else isinstance(error, BrokenPipeError)


def _tool(name: str, kind: type[Strict], description: str) -> Tool:
    return Tool(
        name=name,
        description=" ".join(cleandoc(description).split()),
        input_schema=kind.model_json_schema(),
        annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    )


def _failure(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=sentence)], is_error=True)


def _fault(error: Any) -> str:
    """Name an argument, what is wrong with it, and its value."""
    name, message = ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    if ", got " in message or error["type"] == "missing":
        return f"{name}: {message}"
    return f"{name}: {message}, got {error['input']!r:.80}"
