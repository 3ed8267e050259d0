"""What is kept of retrieved documents, from where, and what that saves: without torch and without an LLM.

Indexes the Python language reference (or ``--docs FOLDER``), retrieves chunks with FAISS, and compresses them
with SemToken inside LangChain's contextual compression retriever.

    python examples/kept.py --ratio 0.1
    python examples/kept.py --docs papers/ --question "What is the result?"
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import typer
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.embeddings import Embeddings
from langchain_faiss import Faiss
from langchain_text_splitters import RecursiveCharacterTextSplitter
from platformdirs import user_cache_path

from common import (
    AllOption,
    DocsOption,
    KOption,
    QuestionOption,
    RatioOption,
    batches,
    load,
    passages,
    questions,
    show_kept,
)
from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor
from semtoken_rag.arrays import unit_length
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.text.files import write_whole

CACHE = user_cache_path("semtoken-rag") / "demo"


class MeanEmbeddings(Embeddings):
    """The direction of the mean of a text's token vectors, by the encoder in the wheel.

    Vectors of texts that were embedded together are kept in ``cache``, if that is a folder: in a file named
    after the encoder and the texts, so after documents and splitter.
    """

    def __init__(self, cache: Path | None = CACHE) -> None:
        self.encoder, self.cache = OnnxEncoder(), cache

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector for each text."""
        if self.cache is None:
            return self._embed(texts).tolist()
        key = hashlib.sha256(json.dumps([self.encoder.name, texts]).encode()).hexdigest()
        path = self.cache / f"{key}.npy"
        if (vectors := _read(path)) is None or len(vectors) != len(texts):
            vectors = self._embed(texts)
            _write(path, vectors)
        return vectors.tolist()

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return self._embed([text])[0].tolist()

    def _embed(self, texts: list[str]) -> np.ndarray:
        encoded = self.encoder.encode(texts, [""] * len(texts))
        return unit_length(np.stack([each.vectors.sum(0) for each in encoded]))


def _read(path: Path) -> np.ndarray | None:
    """Return an array, None if there is none or the file is damaged."""
    try:
        vectors = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return vectors if vectors.ndim == 2 and np.isfinite(vectors).all() else None


def _write(path: Path, vectors: np.ndarray) -> None:
    """Write an array; a disk that is full or read-only costs time later, not the demo."""
    data = io.BytesIO()
    np.save(data, vectors, allow_pickle=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data.getvalue())
    except OSError:
        return


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
    question: QuestionOption = None,
    every: AllOption = False,
    ratio: RatioOption = 0.2,
    docs: DocsOption = None,
    k: KOption = 10,
) -> None:
    """Print what is kept for each question."""
    texts = load(docs)
    retriever = index(texts, MeanEmbeddings()).as_retriever(search_kwargs={"k": k})
    compressing = ContextualCompressionRetriever(
        compressor=SemTokenCompressor(ratio=ratio), retriever=retriever
    )
    for asked in questions(question, every):
        events = Events()
        kept = compressing.invoke(asked, config={"callbacks": [events]})
        show_kept(asked, events.last, passages(kept, texts))


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    # The demo passes on what it was given, options for the LLM too.
    app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(main)
    app()
