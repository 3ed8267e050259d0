"""The OpenAI client against ``semtoken serve``, which stands in front of an LLM and shortens what it reads.

    python examples/openai_client.py
    python examples/openai_client.py --llm openai:http://localhost:11434/v1#qwen3 --question "Who built it?"

Without ``--llm`` it starts llama.cpp's server with SmolLM2. The service runs in a thread here; anywhere else
it is ``semtoken serve --upstream openai:URL#MODEL``, and only the client's ``base_url`` changes.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from openai import OpenAI

from local_server import MODEL, local_server
from semtoken_rag import Budget, SemToken
from semtoken_rag.serve.app import create_app
from semtoken_rag.serve.server import serving
from semtoken_rag.serve.settings import ServeConfig, Upstream

TEXT = (
    "It rained on the day of the opening. Crowds came from far away, and a band played until dusk. "
    "The tower on the hill was built by Mara Lindqvist and opened in 1889. It is made of red brick. "
    "Bread and cider were sold at the gate. The stairs have two hundred steps. A bell hangs under the roof."
)


def main(
    llm: Annotated[str | None, typer.Option(help="openai:URL#MODEL; None starts one here.")] = None,
    file: Annotated[Path | None, typer.Option(help="What to ask about.")] = None,
    question: Annotated[str, typer.Option(help="The question.")] = "Who built the tower?",
    max_tokens: Annotated[int, typer.Option(help="Most tokens of the text that the LLM reads.")] = 24,
) -> None:
    """Ask, and print the tokens before and after, and the answer as it is streamed."""
    text = file.read_text(encoding="utf-8") if file else TEXT
    with local_server() if llm is None else nullcontext(llm) as address:
        upstream = Upstream(address if llm else f"{address}#{MODEL}")
        config = ServeConfig(budget=Budget(max_tokens=max_tokens))
        with serving(create_app(SemToken(encoder="static"), config, upstream=upstream)) as url:
            ask(OpenAI(base_url=f"{url}/v1", api_key="none"), upstream.model or "", text, question)


def ask(client: OpenAI, model: str, text: str, question: str) -> None:
    content = f"<context>\n{text}\n</context>\n\n{question} Answer in one short sentence."
    reply = client.chat.completions.with_raw_response.create(
        model=model,
        messages=[{"role": "user", "content": content}],
        max_tokens=24,
        temperature=0,
        stream=True,
    )
    before, after = (reply.headers[f"x-semtoken-tokens-{when}"] for when in ("before", "after"))
    print(f"context: {before} -> {after} tokens ({reply.headers['x-semtoken']})")
    for part in reply.parse():
        print(part.choices[0].delta.content or "", end="", flush=True)
    print()


if __name__ == "__main__":
    typer.run(main)
