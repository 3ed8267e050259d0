"""What an agent does with ``semtoken mcp``: it searches a folder, shortens texts, reads more, and answers.

The official SDK's client starts the server, and a local LLM answers from what the tools return: SmolLM2 on
llama.cpp's server, or any that speaks OpenAI's protocol (``--base-url``).

    python examples/mcp_client.py
    python examples/mcp_client.py --folder papers/ --question "What is the result?"
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import nullcontext
from typing import Annotated, Any

import typer
from mcp import Client, StdioServerParameters
from openai import OpenAI

from local_server import MODEL, local_server

QUESTION = "How long does a failed back store rest?"
SYSTEM = "Answer in one short sentence from the passages."


async def use(folder: str, question: str, encoder: str) -> str:
    """Call each tool as an agent would, print what comes back, and return the passages."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "semtoken_rag.cli", "mcp", folder, "--encoder", encoder],
        env=dict(os.environ),
    )
    async with Client(server) as client:
        tools = (await client.list_tools()).tools
        print("tools:", ", ".join(tool.name for tool in tools))

        async def call(name: str, **arguments: Any) -> Any:
            result = await client.call_tool(name, arguments)
            if result.is_error:
                raise SystemExit(f"{name}: {result.content[0].text}")
            return result

        found = await call("search_files", question=question, max_tokens=400)
        passages = found.structured_content["passages"]
        print(f"search_files: {found.structured_content['tokens']} tokens")
        for passage in passages:
            print(f"  {passage['path']}: {', '.join(piece['place'] for piece in passage['pieces'])}")
        if not passages:
            raise SystemExit(found.content[0].text)

        texts = [passage["text"] for passage in passages]
        short = await call("compress", documents=texts, question=question, max_tokens=80)
        print(f"compress: {short.structured_content['tokens']} tokens of the passages")

        more = await call("expand", ref=passages[0]["ref"], query=question, max_tokens=80)
        print(f"expand: {more.structured_content['tokens']} tokens of the whole of {passages[0]['path']}")
        return f"{short.content[0].text}\n\n{more.content[0].text}"


def answer(base_url: str, model: str, passages: str, question: str) -> str:
    """Ask a server that speaks OpenAI's protocol."""
    client = OpenAI(base_url=base_url, api_key=os.environ.get("OPENAI_API_KEY", "none"))
    said = client.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": f"Passages:\n{passages}\n\nQuestion: {question}"},
        ],
        temperature=0,
        max_tokens=24,
    )
    return (said.choices[0].message.content or "").strip()


def main(
    folder: Annotated[str, typer.Option(help="Folder that the server may search.")] = "docs",
    question: Annotated[str, typer.Option(help="What to ask.")] = QUESTION,
    encoder: Annotated[str, typer.Option(help="auto, static, or a model's name or path.")] = "static",
    base_url: Annotated[str, typer.Option(help="Server of the LLM; by default one is started.")] = "",
    model: Annotated[str, typer.Option(help="Name of the LLM on that server.")] = MODEL,
) -> None:
    """Search, compress, expand, and answer."""
    passages = asyncio.run(use(folder, question, encoder))
    with nullcontext(base_url) if base_url else local_server() as address:
        print(f"{question}\n  {answer(address, model, passages, question)}")


if __name__ == "__main__":
    typer.run(main)
