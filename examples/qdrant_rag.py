"""Qdrant keeps token vectors beside each node: a query encodes the question alone, without a second store.

Indexes some topics of the Python reference (or ``--docs FOLDER``), in memory or in a folder (``--path``), and
compresses what LlamaIndex's retriever finds. It needs neither torch nor an LLM.

    python examples/qdrant_rag.py
    python examples/qdrant_rag.py --docs papers/ --question "What is the result?" --path index/
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import typer
from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.vector_stores.qdrant import QdrantVectorStore
from pydantic import PrivateAttr
from qdrant_client import QdrantClient

from carried import QUESTION, NotingEncoder, documents, report
from common import DocsOption, KOption, QuestionOption, RatioOption
from kept import MeanEmbeddings
from llama_index.postprocessor.semtoken import SemTokenIngestion, SemTokenPostprocessor

PathOption = Annotated[Path | None, typer.Option(help="Folder of the index; without one it is in memory.")]


class MeanEmbedding(BaseEmbedding):
    """The direction of the mean of a text's token vectors, by the encoder in the wheel."""

    _mean: MeanEmbeddings = PrivateAttr(default_factory=MeanEmbeddings)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._mean.embed_query(text)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._mean.embed_query(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._mean.embed_query(query)


def main(
    question: QuestionOption = None,
    ratio: RatioOption = 0.2,
    docs: DocsOption = None,
    k: KOption = 10,
    path: PathOption = None,
) -> None:
    """Index, then print what is kept for each question."""
    encoder, texts = NotingEncoder(), documents(docs)
    client = QdrantClient(path=str(path)) if path else QdrantClient(":memory:")
    store = QdrantVectorStore("carried", client=client)
    index = VectorStoreIndex(
        [], storage_context=StorageContext.from_defaults(vector_store=store), embed_model=MeanEmbedding()
    )
    if not client.collection_exists("carried"):  # else the index was made before
        pipeline = IngestionPipeline(
            transformations=[
                SentenceSplitter(chunk_size=200, chunk_overlap=20, tokenizer=str.split),
                SemTokenIngestion(mode="carry", encoder=encoder),
            ]
        )
        parts = [Document(text=text, metadata={"title": title}) for title, text in texts.items()]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Payload indexes have no effect in the local Qdrant")
            index.insert_nodes(pipeline.run(documents=parts))
    retriever = index.as_retriever(similarity_top_k=k)
    postprocessor = SemTokenPostprocessor(ratio=ratio, encoder=encoder)
    encoder.encoded.clear()
    for asked in question or [QUESTION]:
        kept = postprocessor.postprocess_nodes(retriever.retrieve(asked), query_str=asked)
        report(asked, [found.node for found in kept], texts, encoder)
    client.close()


if __name__ == "__main__":
    typer.run(main)
