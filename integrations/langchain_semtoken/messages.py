"""LangChain's messages as the core reads them; the messages themselves are never changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from semtoken_rag.agents import CompressedResult, Message

METADATA_KEY = "semtoken"  # in a message's response_metadata
ROLES = {"human": "human", "ai": "ai", "tool": "tool"}


def read_message(message: BaseMessage) -> Message:
    """Return a message as `semtoken_rag.agents.History` reads it; one in several parts is fixed."""
    plain = isinstance(message.content, str)
    extra: list[Any] = [] if plain else [message.content]
    if isinstance(message, AIMessage) and (message.tool_calls or message.invalid_tool_calls):
        extra.append([message.tool_calls, message.invalid_tool_calls])
    if isinstance(message, ToolMessage):
        extra.append(message.tool_call_id)
    return Message(
        role=_role(message),
        text=message.text,
        fixed=not plain,
        error=getattr(message, "status", "") == "error",
        ref=_note(message).get("ref"),
        extra=json.dumps(extra, default=repr) if extra else "",
    )


def last_human(messages: Iterable[Any]) -> str:
    """Return what the user said last; empty if there is nothing."""
    said = [message.text for message in messages if isinstance(message, HumanMessage)]
    return said[-1] if said else ""


def with_texts(messages: Sequence[AnyMessage], texts: Iterable[str | None]) -> list[AnyMessage]:
    """Return the messages, those in whose place a text stands as copies with that text."""
    return [
        message if text is None else message.model_copy(update={"content": text})
        for message, text in zip(messages, texts, strict=True)
    ]


def with_results(message: ToolMessage, compress: Callable[[str], CompressedResult]) -> ToolMessage:
    """Return a copy of a tool's message with its long texts compressed.

    Images and other parts stay as they are, and so does the artifact. The key ``semtoken`` of the
    ``response_metadata`` has the tokens before and after, and the reference of the original.
    """
    if isinstance(message.content, str):
        results = [compress(message.content)]
        content: Any = results[0].text
    else:
        results, content = [], []
        for part in message.content:
            if isinstance(part, str):
                results.append(compress(part))
                part = results[-1].text
            elif part.get("type") == "text" and isinstance(part.get("text"), str):
                results.append(compress(part["text"]))
                part = {**part, "text": results[-1].text}
            content.append(part)
    if content == message.content and not any(result.failure for result in results):
        return message
    note: dict[str, Any] = {
        "tokens_before": sum(result.tokens_before for result in results),
        "tokens_after": sum(result.tokens_after for result in results),
    }
    for name in ("ref", "failure"):
        if values := [value for result in results if (value := getattr(result, name))]:
            note[name] = values[0]
    metadata = {**message.response_metadata, METADATA_KEY: note}
    return message.model_copy(update={"content": content, "response_metadata": metadata})


def tokens_saved(messages: Iterable[BaseMessage]) -> int:
    """Return how many tokens the compressed results of a conversation save each time that it is sent."""
    notes = [_note(message) for message in messages]
    return sum(note["tokens_before"] - note["tokens_after"] for note in notes if "tokens_before" in note)


def _role(message: BaseMessage) -> str:
    return "system" if isinstance(message, SystemMessage) else ROLES.get(message.type, "system")


def _note(message: BaseMessage) -> dict[str, Any]:
    note = message.response_metadata.get(METADATA_KEY)
    return note if isinstance(note, dict) else {}
