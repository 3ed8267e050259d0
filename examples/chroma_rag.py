"""Chroma keeps token vectors beside each chunk: a query encodes the question alone, without a second store.

Indexes some topics of the Python reference (or ``--docs FOLDER``), in memory or in a folder (``--path``), and
compresses what LangChain's retriever finds. It needs neither torch nor an LLM.

    python examples/chroma_rag.py
    python examples/chroma_rag.py --docs papers/ --question "What is the result?" --path index/
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import chromadb
import typer
from chromadb.config import Settings
from langchain_chroma import Chroma
from langchain_text_splitters import RecursiveCharacterTextSplitter

from carried import QUESTION, NotingEncoder, documents, report
from common import DocsOption, KOption, QuestionOption, RatioOption
from kept import MeanEmbeddings
from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor, SemTokenTransformer

SPLITTER = RecursiveCharacterTextSplitter(chunk_size=800, chunk_overlap=80, add_start_index=True)
PathOption = Annotated[Path | None, typer.Option(help="Folder of the index; without one it is in memory.")]


def main(
    question: QuestionOption = None,
    ratio: RatioOption = 0.2,
    docs: DocsOption = None,
    k: KOption = 10,
    path: PathOption = None,
) -> None:
    """Index, then print what is kept for each question."""
    encoder, texts = NotingEncoder(), documents(docs)
    silent = Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(path, silent) if path else chromadb.EphemeralClient(silent)
    store = Chroma("carried", embedding_function=MeanEmbeddings(), client=client)
    if not store.get(limit=1)["ids"]:  # else the index was made before
        chunks = SPLITTER.create_documents(list(texts.values()), [{"title": title} for title in texts])
        carrying = SemTokenTransformer(mode="carry", encoder=encoder)
        store.add_documents(carrying.transform_documents(chunks))
    retriever = ContextualCompressionRetriever(
        compressor=SemTokenCompressor(ratio=ratio, encoder=encoder),
        retriever=store.as_retriever(search_kwargs={"k": k}),
    )
    encoder.encoded.clear()
    for asked in question or [QUESTION]:
        report(asked, retriever.invoke(asked), texts, encoder)


if __name__ == "__main__":
    typer.run(main)
