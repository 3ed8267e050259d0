"""What is kept of retrieved documents, from where, and what that saves: without torch and without an LLM.

Indexes the Python language reference (or ``--docs FOLDER``), retrieves chunks with FAISS, and compresses them
with SemToken inside LangChain's contextual compression retriever.

    python examples/kept.py --ratio 0.1
    python examples/kept.py --docs papers/ --question "What is the result?"
"""

from __future__ import annotations

from typing import Any

import numpy as np
import typer
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.embeddings import Embeddings
from langchain_faiss import Faiss
from langchain_text_splitters import RecursiveCharacterTextSplitter

from common import (
    QUESTIONS,
    DocsOption,
    KOption,
    QuestionOption,
    RatioOption,
    batches,
    citations,
    console,
    load,
)
from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor
from semtoken_rag.arrays import unit_length
from semtoken_rag.encoders.onnx import OnnxEncoder


class MeanEmbeddings(Embeddings):
    """The direction of the mean of a text's token vectors, by the encoder in the wheel."""

    def __init__(self) -> None:
        self.encoder = OnnxEncoder()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector for each text."""
        encoded = self.encoder.encode(texts, [""] * len(texts))
        return unit_length(np.stack([each.vectors.sum(0) for each in encoded])).tolist()

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return self.embed_documents([text])[0]


class Events(BaseCallbackHandler):
    """Keeps the figures of the compressor's last call."""

    last: dict[str, Any]

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        """Keep the event."""
        self.last = data


def index(texts: dict[str, str], embeddings: Embeddings) -> Faiss:
    """Split, embed and index the texts."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=800, chunk_overlap=80, add_start_index=True)
    chunks = splitter.create_documents(list(texts.values()), [{"title": title} for title in texts])
    store = Faiss(embeddings)
    for batch in batches(chunks, len(texts)):
        store.add_documents(batch)
    return store


def main(
    question: QuestionOption = None, ratio: RatioOption = 0.2, docs: DocsOption = None, k: KOption = 20
) -> None:
    """Print what is kept for each question."""
    texts = load(docs)
    retriever = index(texts, MeanEmbeddings()).as_retriever(search_kwargs={"k": k})
    compressing = ContextualCompressionRetriever(
        compressor=SemTokenCompressor(ratio=ratio), retriever=retriever
    )
    for asked in question or QUESTIONS:
        events = Events()
        kept = compressing.invoke(asked, config={"callbacks": [events]})
        console.print(f"[bold]{asked}[/bold]")
        console.print(
            f"{k} chunks: {events.last['tokens_before']} -> {events.last['tokens_after']} tokens "
            f"in {1000 * events.last['total_seconds']:.0f} ms"
        )
        for line in citations(asked, kept, texts):
            console.print(f"  {line}", markup=False, highlight=False, overflow="ellipsis", no_wrap=True)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    # The demo passes on what it was given, options for the LLM too.
    app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(main)
    app()
