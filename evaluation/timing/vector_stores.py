"""Bytes a token of fingerprints in vector stores, on disk: ``python -m evaluation.timing.vector_stores``.

Chunks of the Python reference go into each store with and without their fingerprint. For Qdrant also with the
float vectors as a multivector; whether two bits made of these are the same is printed too.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from semtoken_rag import SemToken
from semtoken_rag.encoders.quantize import pack

TITLES = ("assert", "break", "continue", "import", "try", "while", "with")
VECTOR = [1.0] * 8  # that the chunk is found by

Write = Callable[[str, Sequence[str], Sequence[Any] | None], object]  # folder, texts, fingerprints


def lancedb(folder: str, texts: Sequence[str], carried: Sequence[Any] | None) -> None:
    """Write a table with a binary column."""
    import lancedb as library

    rows = [{"text": text, "vector": VECTOR} for text in texts]
    if carried:
        rows = [{**row, "fingerprint": one} for row, one in zip(rows, carried, strict=True)]
    library.connect(folder).create_table("chunks", rows)


def chroma(folder: str, texts: Sequence[str], carried: Sequence[Any] | None) -> None:
    """Write a collection with text in the metadata."""
    import chromadb

    client = chromadb.PersistentClient(folder, chromadb.config.Settings(anonymized_telemetry=False))
    client.create_collection("chunks").add(
        ids=[str(place) for place in range(len(texts))],
        embeddings=[VECTOR] * len(texts),
        documents=list(texts),
        metadatas=[{"fingerprint": one} for one in carried or ["none"] * len(texts)],
    )


def qdrant(
    folder: str,
    texts: Sequence[str],
    carried: Sequence[Any] | None,
    tokens: Sequence[Any] | None = None,
) -> bool:
    """Write a collection with text in the payload, or with a multivector of ``tokens``.

    Parameters
    ----------
    folder
        Where Qdrant's local mode keeps it.
    texts
        The chunks.
    carried
        Text of each fingerprint; None for none.
    tokens
        Token vectors (n, d) of each chunk; None for none.

    Returns
    -------
    bool
        Whether the vectors that come back give the same codes.
    """
    from qdrant_client import QdrantClient, models

    client, dot = QdrantClient(path=folder), models.Distance.DOT
    kinds = {"text": models.VectorParams(size=len(VECTOR), distance=dot)}
    if tokens:
        several = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
        width = tokens[0].shape[1]
        kinds["tokens"] = models.VectorParams(size=width, distance=dot, multivector_config=several)
    client.create_collection("chunks", vectors_config=kinds)
    for place, text in enumerate(texts):
        payload = {"text": text, **({"fingerprint": carried[place]} if carried else {})}
        vector: dict[str, Any] = {"text": VECTOR, **({"tokens": tokens[place].tolist()} if tokens else {})}
        client.upsert("chunks", [models.PointStruct(id=place, vector=vector, payload=payload)])
    back = client.retrieve("chunks", range(len(texts)), with_vectors=True)
    client.close()
    made = [np.array(point.vector["tokens"], np.float32) for point in back] if tokens else []
    return all(np.array_equal(pack(a), pack(b)) for a, b in zip(made, tokens or (), strict=True))


def size(write: Write, texts: Sequence[str], carried: Sequence[Any] | None) -> int:
    """Return the bytes of what is written into an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, texts, carried)
        return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())


def main() -> None:
    """Measure and print."""
    from pydoc_data.topics import topics

    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=800, chunk_overlap=80)
    texts = [text for title in TITLES for text in splitter.split_text(topics[title])]
    engine = SemToken()
    encodings = engine.encoder.encode(texts, [""] * len(texts))
    n, vectors = sum(len(e.ids) for e in encodings), [e.vectors for e in encodings]
    values = engine.fingerprints(texts)
    encoded = [base64.b64encode(value).decode() for value in values]
    print(f"{len(texts)} chunks of {n} tokens")
    for write, carried in ((lancedb, values), (qdrant, encoded), (chroma, encoded)):
        more = size(write, texts, carried) - size(write, texts, None)
        print(f"{write.__name__:20s}{more / n:8.0f}")
    same: list[bool] = []

    def multivector(folder: str, texts: Sequence[str], carried: object) -> None:
        same.append(qdrant(folder, texts, None, vectors))

    more = size(multivector, texts, None) - size(qdrant, texts, None)
    print(f"{'qdrant multivector':20s}{more / n:8.0f}   same codes: {same[0]}")


if __name__ == "__main__":
    main()
