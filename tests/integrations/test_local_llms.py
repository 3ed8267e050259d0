"""The reader in LangChain and in LlamaIndex, with the context beside the prompt."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("semtoken_rag.llm", exc_type=ImportError)  # torch, and transformers 5 or later

from semtoken_rag.llm import KV, SemTokenLLM, Settings, Soft, Text
from semtoken_rag.llm.merge import Medoid
from tests.llm.readers import reader
from tests.llm.samples import CHUNKS, PART, QUESTION, context, tokenizer

pytest.importorskip("langchain_core")
pytest.importorskip("llama_index.core")
from langchain_core.documents import Document
from langchain_core.globals import set_llm_cache
from langchain_core.runnables import RunnableLambda
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import ImageNode, NodeWithScore, TextNode

from langchain_semtoken import SemTokenCompressor
from langchain_semtoken.llm import SemTokenReader as LangChainReader
from llama_index.postprocessor.semtoken import SemTokenPostprocessor
from llama_index.postprocessor.semtoken.llm import SemTokenQueryEngine
from llama_index.postprocessor.semtoken.llm import SemTokenReader as LlamaIndexReader

MODES = ["text", "soft", "kv", Text(), Soft(merger=Medoid(4)), KV(prune="prompt")]
CUT = {"encoder": "static", "ratio": 0.5, "on_error": "raise"}
DOCUMENTS = [Document(page_content=c.text, metadata={"title": c.title}) for c in CHUNKS]
NODES = [
    NodeWithScore(node=TextNode(text=c.text, metadata={"title": c.title} if c.title else {}), score=1.0)
    for c in CHUNKS
]


class Fixed(BaseRetriever):
    def _retrieve(self, query_bundle):
        return NODES


@pytest.fixture
def llm(llama):
    return reader(llama)


@pytest.mark.parametrize("mode", MODES)
def test_langchain_takes_a_context_beside_the_prompt(llm, mode):
    expected = llm.generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS).text
    wrapped = LangChainReader(reader=llm, mode=mode)
    assert wrapped.invoke(QUESTION, context=context(PART), chunks=CHUNKS) == expected
    assert "".join(wrapped.stream(QUESTION, context=context(PART), chunks=CHUNKS)).strip() == expected


@pytest.mark.parametrize("mode", MODES)
def test_langchain_over_a_retriever(llm, mode):
    cut = SemTokenCompressor(**CUT)
    wrapped = LangChainReader(reader=llm, compressor=cut, mode=mode)
    chain = wrapped.over(RunnableLambda(lambda _: DOCUMENTS))
    expected = llm.generate(
        QUESTION, cut._run(CHUNKS, QUESTION, order="best-last"), mode=mode, chunks=CHUNKS
    ).text
    assert chain.invoke(QUESTION) == expected
    assert asyncio.run(chain.ainvoke(QUESTION)) == expected
    assert DOCUMENTS[0].page_content == CHUNKS[0].text


def test_langchain_stops_and_does_not_look_up_other_contexts(llm):
    from langchain_core.caches import InMemoryCache

    wrapped = LangChainReader(reader=llm)
    text = wrapped.invoke(QUESTION)
    word = text.split()[2]
    assert wrapped.invoke(QUESTION, stop=[word]) == text[: text.index(word)].strip()
    set_llm_cache(InMemoryCache())
    try:
        wrapped.invoke(QUESTION)
        assert wrapped.invoke(QUESTION, context=context(PART)) == llm.generate(QUESTION, context(PART)).text
    finally:
        set_llm_cache(None)


def test_langchain_arguments_that_do_not_fit(llm):
    with pytest.raises(ValueError, match="compressor"):
        LangChainReader(reader=llm).invoke(QUESTION, documents=DOCUMENTS)
    wrapped = LangChainReader(reader=llm, compressor=SemTokenCompressor(**CUT))
    with pytest.raises(ValueError, match="both"):
        wrapped.invoke(QUESTION, documents=DOCUMENTS, context=context(PART))


@pytest.mark.parametrize("mode", MODES)
def test_llama_index_takes_a_context_beside_the_prompt(llm, mode):
    expected = llm.generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS).text
    wrapped = LlamaIndexReader(reader=llm, mode=mode)
    assert wrapped.complete(QUESTION, context=context(PART), chunks=CHUNKS).text == expected
    *_, last = wrapped.stream_complete(QUESTION, context=context(PART), chunks=CHUNKS)
    assert last.text.strip() == expected


@pytest.mark.parametrize("mode", MODES)
def test_llama_index_query_engine(llm, mode):
    cut = SemTokenPostprocessor(**CUT)
    engine = SemTokenQueryEngine(
        retriever=Fixed(), llm=LlamaIndexReader(reader=llm, postprocessor=cut, mode=mode)
    )
    found = engine.query(QUESTION)
    expected = llm.generate(
        QUESTION, cut._run(CHUNKS, QUESTION, order="best-last"), mode=mode, chunks=CHUNKS
    ).text
    assert str(found) == expected
    assert found.source_nodes == NODES


def test_llama_index_leaves_images_out(llm):
    wrapped = LlamaIndexReader(reader=llm, postprocessor=SemTokenPostprocessor(**CUT))
    assert (
        wrapped.complete(QUESTION, nodes=[NodeWithScore(node=ImageNode())]).text
        == llm.generate(QUESTION).text
    )


def test_llama_index_metadata_and_arguments(llm):
    wrapped = LlamaIndexReader(reader=llm)
    assert wrapped.metadata.context_window == 512
    assert wrapped.metadata.num_output == 12
    assert wrapped.metadata.model_name == "LlamaForCausalLM"
    with pytest.raises(ValueError, match="postprocessor"):
        wrapped.complete(QUESTION, nodes=NODES)
    with pytest.raises(ValueError, match="both"):
        wrapped.complete(QUESTION, nodes=NODES, context=context(PART))


def test_bad_input_comes_through(llama):
    made = SemTokenLLM(llama, tokenizer(), settings=Settings(max_new_tokens=600))
    with pytest.raises(ValueError, match="positions"):
        LangChainReader(reader=made).invoke(QUESTION)
    with pytest.raises(ValueError, match="positions"):
        LlamaIndexReader(reader=made).complete(QUESTION)
