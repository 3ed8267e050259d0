"""An agent whose tool returns more than its model can read: LangChain's agent with SemToken as a middleware.

The tool reads a log of some 40,000 tokens and orders in JSON; the model is given a few hundred of them, and a
tool, `expand`, for what was left out. Without ``--llm`` the model is SmolLM2 in a llama.cpp server that the
example starts. It was not trained to call tools, so that its choices are made by a grammar: it can write
nothing but a call or an answer.

    python examples/agent.py
    python examples/agent.py --llm openai:http://localhost:11434/v1#qwen3
    python examples/agent.py --question "Which order of Lindqvist was sent back? See orders.json."
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import typer
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from openai import OpenAI

from common import QuestionOption, console
from langchain_semtoken import SemTokenMiddleware
from langchain_semtoken.messages import tokens_saved
from local_server import MODEL, local_server
from semtoken_rag import SemToken
from semtoken_rag.agents import AgentConfig

QUESTIONS = (
    "Which port did the billing database refuse? See app.log.",
    "How long did the nightly backup take?",
)
SYSTEM = "You answer questions about files: read the file, then answer with a short phrase from it."
LONG, SHORT = 40, 24  # characters of an answer, and of an argument that the small model writes
LlmOption = Annotated[
    str | None, typer.Option(help="openai:http://host:port/v1#model, which must call tools by itself.")
]


@tool
def read_file(path: Literal["app.log", "orders.json"]) -> str:
    """Return a file."""
    return log() if path == "app.log" else orders()


def log() -> str:
    """Return 2,500 lines, of which two matter."""
    lines = [
        f"2026-11-30 {9 + i // 600:02}:{i // 10 % 60:02} INFO worker {i % 7} ended step {i}"
        for i in range(2500)
    ]
    lines[1211] = "2026-11-30 11:01 ERROR the billing database refused port 5432"
    lines[307] = "2026-11-30 09:30 WARN the nightly backup took 71 minutes"
    return "\n".join(lines)


def orders() -> str:
    """Return five hundred orders, one of which was sent back."""
    names = ("Lindqvist", "Okafor", "Tanaka", "Moreau")
    found = [{"id": 7000 + i, "customer": names[i % 4], "state": "delivered"} for i in range(500)]
    found[228]["state"] = "sent back"
    return json.dumps({"orders": found}, indent=2)


class GrammarModel(BaseChatModel):
    """Calls tools with a model that was not trained to: its reply is bound to a JSON schema."""

    client: Any
    offered: list[dict[str, Any]] = []  # noqa: RUF012  (a field: pydantic copies it)

    @property
    def _llm_type(self) -> str:
        return "grammar"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> GrammarModel:
        """Return the model with these tools to call."""
        return self.model_copy(
            update={"offered": [convert_to_openai_tool(each)["function"] for each in tools]}
        )

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        schema = {"anyOf": list(self._choices(messages))}
        reply = self.client.chat.completions.create(
            model=MODEL,
            messages=list(_plain(messages)),
            temperature=0,
            max_tokens=100,
            response_format={"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}},
        )
        made = json.loads(reply.choices[0].message.content)
        if "answer" in made:
            message = AIMessage(made["answer"])
        else:
            call = {"name": made.pop("tool"), "args": made, "id": f"call-{len(messages)}"}
            message = AIMessage("", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _choices(self, messages: list[BaseMessage]) -> Iterator[dict[str, Any]]:
        """Yield what the model may write: an answer to a result, else a call.

        What was read already is expanded; the small model would read it again.
        """
        if isinstance(messages[-1], ToolMessage):
            yield _object({"answer": {"type": "string", "minLength": 1, "maxLength": LONG}})
            return
        refs = re.findall(r'expand\(ref=\\*"(\w+)', " ".join(message.text for message in messages))
        for each in self.offered:
            fields = {name: dict(field) for name, field in each["parameters"]["properties"].items()}
            if refs and "ref" in fields:
                fields["ref"]["enum"] = refs
            if bool(refs) == ("ref" in fields):
                yield _object({"tool": {"const": each["name"]}, **fields})


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    short = {
        name: field if "enum" in field or "const" in field else {"maxLength": SHORT, **field}
        for name, field in fields.items()
    }
    return {"type": "object", "properties": short, "required": list(short), "additionalProperties": False}


def _plain(messages: Sequence[BaseMessage]) -> Iterator[dict[str, str]]:
    """Yield messages for a model that knows no tools: the question stands behind each result."""
    asked = ""
    for message in messages:
        role, text = "user", message.text
        if isinstance(message, SystemMessage):
            role = "system"
        elif isinstance(message, AIMessage):
            calls = [{"tool": call["name"], **call["args"]} for call in message.tool_calls]
            role, text = "assistant", json.dumps(calls[0] if calls else {"answer": text})
        elif isinstance(message, ToolMessage):
            text = f"{text}\n\n{asked}"
        else:
            asked = text
        yield {"role": role, "content": text}


@contextmanager
def chat_model(llm: str | None) -> Iterator[BaseChatModel]:
    """Yield the model of a server, or of one that is started for it."""
    if llm is None:
        with local_server(threads=1) as address:
            yield GrammarModel(client=OpenAI(base_url=address, api_key="none"))
        return
    found = re.fullmatch(r"openai:(https?://[^#]+)#(.+)", llm)
    if found is None:
        raise typer.BadParameter(f"--llm must be openai:http://host:port/v1#model, got {llm!r:.80}")
    key = os.environ.get("OPENAI_API_KEY", "none")
    yield ChatOpenAI(base_url=found[1], model=found[2], api_key=key, temperature=0)


def main(question: QuestionOption = None, tokens: int = 100, llm: LlmOption = None) -> None:
    """Answer each question, and say which tools were called and what was saved."""
    config = AgentConfig(expand_tokens=tokens)
    middleware = SemTokenMiddleware(SemToken(encoder="static"), max_tokens=tokens, config=config)
    with chat_model(llm) as model:
        agent = create_agent(
            model,
            [read_file],
            system_prompt=SYSTEM,
            middleware=[middleware],
            checkpointer=InMemorySaver(),
        )
        seen = 0
        for asked in question or QUESTIONS:
            thread = {"configurable": {"thread_id": "one"}}
            messages = agent.invoke({"messages": [HumanMessage(asked)]}, thread)["messages"]
            for message in messages[seen:]:
                show(message)
            seen = len(messages)
        console.print(f"tokens saved each time that this is sent: {tokens_saved(messages)}", highlight=False)


def show(message: BaseMessage) -> None:
    """Print a question, a call, a result or an answer."""
    lines = [f"> {message.text}"]
    if isinstance(message, AIMessage):
        lines = [f"  {call['name']} {json.dumps(call['args'])}" for call in message.tool_calls]
        lines = lines or [f"  answer: {message.text.strip()}"]
    elif isinstance(message, ToolMessage):
        lines = [f"    {line}" for line in message.text.splitlines()]
        lines = lines if len(lines) < 7 else [*lines[:3], f"    ({len(lines) - 6} more lines)", *lines[-3:]]
    for line in lines:
        console.print(line, markup=False, highlight=False, overflow="ellipsis", no_wrap=True)


if __name__ == "__main__":
    typer.run(main)
