"""Fingerprints in real vector stores: written beside a chunk, read back with the hit, hidden from the LLM."""

from __future__ import annotations

import asyncio
import copy
import logging
import warnings

import numpy as np
import pytest

pytest.importorskip("lancedb")
pytest.importorskip("langchain_chroma")
pytest.importorskip("langchain_qdrant")
pytest.importorskip("llama_index.vector_stores.chroma")
pytest.importorskip("llama_index.vector_stores.qdrant")
import chromadb
import lancedb
import qdrant_client
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import ImageNode, MetadataMode, NodeWithScore, TextNode

from langchain_semtoken import SemTokenCompressor, SemTokenTransformer
from llama_index.postprocessor.semtoken import SemTokenIngestion, SemTokenPostprocessor
from semtoken_rag import Chunk, SemToken
from semtoken_rag.adapters.metadata import FINGERPRINT_KEY, fingerprint_texts
from semtoken_rag.encoders.registry import resolve_encoder
from tests.support.encoders import Counting
from tests.support.samples import QUERY, TEXTS


@pytest.fixture
def encoder() -> Counting:
    return Counting()


def chroma_client(path):
    return chromadb.PersistentClient(str(path), chromadb.config.Settings(anonymized_telemetry=False))


def in_chroma(documents, path):
    from langchain_chroma import Chroma

    embedding = DeterministicFakeEmbedding(size=8)
    Chroma.from_documents(documents, embedding, collection_name="test", client=chroma_client(path))
    return Chroma("test", embedding, client=chroma_client(path))


def in_qdrant(documents, path):
    from langchain_qdrant import QdrantVectorStore

    embedding = DeterministicFakeEmbedding(size=8)
    return QdrantVectorStore.from_documents(documents, embedding, path=str(path), collection_name="test")


@pytest.fixture
def documents() -> list[Document]:
    return [Document(text, metadata={"title": title}) for title, text in TEXTS.items()]


def shown(documents: list[Document]) -> list:
    return [(d.page_content, d.metadata["title"], d.metadata["semtoken"]) for d in documents]


@pytest.mark.parametrize("index", [in_chroma, in_qdrant])
def test_langchain_a_query_encodes_the_question_alone(index, documents, encoder, tmp_path):
    given = copy.deepcopy(documents)
    carrying = SemTokenTransformer(mode="carry", encoder=encoder).transform_documents(documents)
    assert documents == given
    store = index(carrying, tmp_path)
    hits = store.similarity_search(QUERY, k=3)
    assert all(isinstance(hit.metadata[FINGERPRINT_KEY], str) for hit in hits)
    compressor = SemTokenCompressor(encoder=encoder, ratio=0.3, on_error="raise")
    encoder.texts.clear()
    got = compressor.compress_documents(hits, QUERY)
    assert encoder.texts == [QUERY]
    plain = [d.model_copy(update={"metadata": {"title": d.metadata["title"]}}) for d in hits]
    assert shown(got) == shown(compressor.compress_documents(plain, QUERY))
    assert not any(FINGERPRINT_KEY in d.metadata for d in got)
    assert FINGERPRINT_KEY in hits[0].metadata
    if close := getattr(getattr(store, "client", None), "close", None):
        close()


def test_langchain_a_chunk_that_was_edited_in_the_store_is_encoded_anew(documents, encoder, tmp_path, caplog):
    carrying = SemTokenTransformer(mode="carry", encoder=encoder).transform_documents(documents)
    store = in_chroma(carrying, tmp_path)
    found = store.get(include=["metadatas", "documents"])
    place = next(i for i, text in enumerate(found["documents"]) if "330" in text)
    edited = Document(found["documents"][place].replace("330", "312"), metadata=found["metadatas"][place])
    store.update_document(found["ids"][place], edited)
    encoder.texts.clear()
    with caplog.at_level(logging.WARNING, "semtoken_rag"):
        got = SemTokenCompressor(encoder=encoder, ratio=0.3).compress_documents(
            store.similarity_search(QUERY, k=3), QUERY
        )
    assert sorted(encoder.texts) == sorted([QUERY, edited.page_content])
    assert any("312 metres" in d.page_content for d in got)
    assert "1 of 3 carried fingerprints are computed anew" in caplog.text


def test_langchain_an_index_of_another_encoder_gives_the_same_result(documents, encoder, tmp_path):
    store = in_chroma(
        SemTokenTransformer(mode="carry", encoder="static").transform_documents(documents), tmp_path
    )
    hits = store.similarity_search(QUERY, k=3)
    compressor = SemTokenCompressor(encoder=encoder, ratio=0.3, on_error="raise")
    got = compressor.compress_documents(hits, QUERY)
    assert len(encoder.texts) == 4
    plain = [Document(d.page_content, id=d.id, metadata={"title": d.metadata["title"]}) for d in hits]
    assert shown(got) == shown(compressor.compress_documents(plain, QUERY))


def llama_chroma(path):
    from llama_index.vector_stores.chroma import ChromaVectorStore

    return ChromaVectorStore(chroma_collection=chroma_client(path).get_or_create_collection("test"))


def llama_qdrant(path):
    from llama_index.vector_stores.qdrant import QdrantVectorStore

    return QdrantVectorStore("test", client=qdrant_client.QdrantClient(path=str(path)))


@pytest.mark.usefixtures("no_loop")
@pytest.mark.parametrize("index", [llama_chroma, llama_qdrant])
def test_llama_index_a_query_encodes_the_question_alone(index, encoder, tmp_path):
    nodes = [TextNode(text=text, metadata={"title": title}) for title, text in TEXTS.items()]
    given = copy.deepcopy(nodes)
    carrying = SemTokenIngestion(mode="carry", encoder=encoder)(nodes)
    assert nodes == given
    storage = StorageContext.from_defaults(vector_store=index(tmp_path))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Payload indexes have no effect in the local Qdrant")
        found = VectorStoreIndex(carrying, storage_context=storage, embed_model=MockEmbedding(8))
    hits = found.as_retriever(similarity_top_k=3).retrieve(QUERY)
    assert len(hits) == 3
    for hit in hits:
        assert isinstance(hit.node.metadata[FINGERPRINT_KEY], str)
        for mode in (MetadataMode.LLM, MetadataMode.EMBED):
            assert FINGERPRINT_KEY not in hit.node.get_content(metadata_mode=mode)
    postprocessor = SemTokenPostprocessor(encoder=encoder, ratio=0.3, on_error="raise")
    encoder.texts.clear()
    got = postprocessor.postprocess_nodes(hits, query_str=QUERY)
    assert encoder.texts == [QUERY]
    plain = [
        NodeWithScore(
            node=TextNode(text=h.node.text, metadata={"title": h.node.metadata["title"]}), score=h.score
        )
        for h in hits
    ]
    expected = postprocessor.postprocess_nodes(plain, query_str=QUERY)
    assert [(n.node.text, n.node.metadata) for n in got] == [(n.node.text, n.node.metadata) for n in expected]


def test_llama_index_a_node_whose_key_is_not_hidden_any_more_costs_no_tokens(encoder):
    node = SemTokenIngestion(mode="carry", encoder=encoder)([TextNode(text=TEXTS["Paris"])])[0]
    node.excluded_llm_metadata_keys = []
    postprocessor = SemTokenPostprocessor(encoder=encoder, max_tokens=20, on_error="raise")
    got = postprocessor.postprocess_nodes([NodeWithScore(node=node)], query_str=QUERY)
    assert "330 metres" in got[0].node.text
    assert FINGERPRINT_KEY not in got[0].node.get_content(metadata_mode=MetadataMode.LLM)


def test_the_asynchronous_calls_carry_the_same(documents):
    given = [TextNode(text=text) for text in TEXTS.values()]
    transformer = SemTokenTransformer(mode="carry", encoder="static")
    assert asyncio.run(transformer.atransform_documents(documents)) == transformer.transform_documents(
        documents
    )
    ingestion = SemTokenIngestion(mode="carry", encoder="static")
    assert asyncio.run(ingestion.acall(given)) == ingestion(given)


def test_documents_without_text_stay_where_they_are():
    documents = [Document("It rained."), Document.model_construct(page_content=None, metadata={})]
    carrying = SemTokenTransformer(mode="carry", encoder="static").transform_documents(documents)
    assert carrying[1] is documents[1]
    assert FINGERPRINT_KEY in carrying[0].metadata
    nodes = [ImageNode(text="A tower."), TextNode(text="It rained.")]
    first, second = SemTokenIngestion(mode="carry", encoder="static")(nodes)
    assert first is nodes[0]
    assert FINGERPRINT_KEY in second.metadata


def test_haystack_reads_what_documents_carry(encoder):
    haystack = pytest.importorskip("haystack")
    from haystack_semtoken import SemTokenCompressor as Compressor

    chunks = [Chunk(text, title=title) for title, text in TEXTS.items()]
    carried = fingerprint_texts(SemToken(encoder=encoder), chunks)
    given = [
        haystack.Document(content=c.text, meta={"title": c.title, FINGERPRINT_KEY: f})
        for c, f in zip(chunks, carried, strict=True)
    ]
    encoder.texts.clear()
    compressor = Compressor(encoder=encoder, max_tokens=20, on_error="raise")
    found = compressor.run(documents=given, query=QUERY)
    assert encoder.texts == [QUERY]
    assert found["stats"]["stored"] == 3
    assert not any(FINGERPRINT_KEY in d.meta for d in found["documents"])


def test_lancedb_keeps_bytes(encoder, tmp_path):
    engine = SemToken(encoder=encoder, on_error="raise")
    chunks = [Chunk(text, title=title) for title, text in TEXTS.items()]
    rows = [
        {"text": c.text, "title": c.title, "fingerprint": f, "vector": np.eye(3, dtype=np.float32)[i]}
        for i, (c, f) in enumerate(zip(chunks, engine.fingerprints(chunks), strict=True))
    ]
    table = lancedb.connect(str(tmp_path)).create_table("chunks", rows)
    hits = table.search(np.ones(3, np.float32)).limit(3).to_list()
    given = [Chunk(h["text"], title=h["title"], fingerprint=h["fingerprint"]) for h in hits]
    encoder.texts.clear()
    got = engine.compress(given, QUERY, max_tokens=20)
    assert encoder.texts == [QUERY]
    plain = engine.compress([Chunk(h["text"], title=h["title"]) for h in hits], QUERY, max_tokens=20)
    assert (got.text, got.units) == (plain.text, plain.units)


def test_the_text_of_a_fingerprint_takes_at_most_170_characters_a_token(documents):
    carrying = SemTokenTransformer(mode="carry").transform_documents(documents)
    count = resolve_encoder("auto").count
    tokens = sum(count(d.page_content) + count(d.metadata["title"]) for d in documents)
    assert sum(len(d.metadata[FINGERPRINT_KEY]) for d in carrying) <= 170 * tokens
