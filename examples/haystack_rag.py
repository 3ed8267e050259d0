"""A Haystack pipeline that compresses: BM25 over a folder, SemToken, a prompt, and a local LLM that answers.

The LLM is SmolLM2 on llama.cpp's server, or any server that speaks OpenAI's protocol (``--base-url``).

    python examples/haystack_rag.py
    python examples/haystack_rag.py --folder papers/ --question "What is the result?" --max-tokens 400
"""

from __future__ import annotations

import os

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")  # read when Haystack is imported

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from haystack import Document, Pipeline
from haystack.components.builders import ChatPromptBuilder
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.dataclasses import ChatMessage
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.utils import Secret

from haystack_semtoken import SemTokenCompressor
from local_server import MODEL, local_server

QUESTION = "How long does a failed back store rest?"
PROMPT = [
    ChatMessage.from_system("Answer in one short sentence from the passages."),
    ChatMessage.from_user(
        "{% for document in documents %}{{ document.content }}\n\n{% endfor %}Question: {{ query }}"
    ),
]


def indexed(folder: Path) -> InMemoryDocumentStore:
    """Return a store of the passages of a folder's text and markdown files."""
    files = sorted(path for path in folder.glob("*") if path.suffix in (".md", ".txt"))
    documents = [Document(content=path.read_text("utf-8"), meta={"title": path.stem}) for path in files]
    splitter = DocumentSplitter(split_by="word", split_length=200)
    store = InMemoryDocumentStore()
    store.write_documents(splitter.run(documents=documents)["documents"])
    return store


def pipeline(
    store: InMemoryDocumentStore, compressor: SemTokenCompressor, llm: OpenAIChatGenerator
) -> Pipeline:
    """Return the pipeline; it takes the question as ``query``."""
    made = Pipeline()
    made.add_component("retriever", InMemoryBM25Retriever(store, top_k=10))
    made.add_component("semtoken", compressor)
    made.add_component("prompt", ChatPromptBuilder(PROMPT))
    made.add_component("llm", llm)
    made.connect("retriever.documents", "semtoken.documents")
    made.connect("semtoken.documents", "prompt.documents")
    made.connect("prompt.prompt", "llm.messages")
    return made


def main(
    folder: Annotated[Path, typer.Option(help="Folder of text and markdown files.")] = Path("docs"),
    question: Annotated[str, typer.Option(help="What to ask.")] = QUESTION,
    max_tokens: Annotated[int, typer.Option(help="Most tokens of the context.")] = 120,
    encoder: Annotated[str, typer.Option(help="auto, static, or a model's name or path.")] = "static",
    base_url: Annotated[str, typer.Option(help="Server of the LLM; by default one is started.")] = "",
    model: Annotated[str, typer.Option(help="Name of the LLM on that server.")] = MODEL,
) -> None:
    """Answer a question from a compressed context."""
    compressor = SemTokenCompressor(max_tokens=max_tokens, encoder=encoder)
    with nullcontext(base_url) if base_url else local_server() as address:
        llm = OpenAIChatGenerator(
            api_key=Secret.from_token(os.environ.get("OPENAI_API_KEY", "none")),
            model=model,
            api_base_url=address,
            timeout=120,
            generation_kwargs={"temperature": 0, "max_completion_tokens": 24},
        )
        asked = {
            "retriever": {"query": question},
            "semtoken": {"query": question},
            "prompt": {"query": question},
        }
        done = pipeline(indexed(folder), compressor, llm).run(asked, include_outputs_from={"semtoken"})
    stats = done["semtoken"]["stats"]
    print(f"{question}\n  {(done['llm']['replies'][0].text or '').strip()}")
    print(f"context: {stats['tokens_before']} -> {stats['tokens_after']} tokens")
    for document in done["semtoken"]["documents"]:
        for piece in document.meta["semtoken"]["pieces"]:
            start, end = piece["source_start"], piece["source_end"]
            print(f"  {document.meta['title']}[{start}:{end}]")


if __name__ == "__main__":
    typer.run(main)
