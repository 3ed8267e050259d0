"""What only LangChain has: its splitters, retrievers, pipelines, runnables and callbacks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from langchain_classic.retrievers import ContextualCompressionRetriever as LangChainRetriever
from langchain_classic.retrievers import EnsembleRetriever
from langchain_classic.retrievers.document_compressors import DocumentCompressorPipeline
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.prompts import PromptTemplate, format_document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.stores import InMemoryByteStore
from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter
from pydantic import ValidationError

from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor, SemTokenTransformer
from semtoken_rag import Config
from tests.support.samples import BREAD, PARIS, QUERY, ROME, TEXTS, words


def documents() -> list[Document]:
    """Three documents with ids and metadata, made anew for each test."""
    return [
        Document(
            page_content=text,
            id=f"doc-{i}",
            metadata={"title": title, "page": i, "tags": ["x"], "score": 0.5},
        )
        for i, (title, text) in enumerate(TEXTS.items())
    ]


def compressor(**fields: Any) -> SemTokenCompressor:
    """Build one with the fast encoder and the word count."""
    return SemTokenCompressor(**{"encoder": "static", "token_counter": words, "on_error": "raise", **fields})


class Fixed(BaseRetriever):
    """Returns the same documents for any query."""

    found: list[Document]

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return self.found


def test_a_piece_has_the_best_chance_of_its_sentences_where_there_are_chances():
    found = compressor(max_tokens=15).compress_documents(documents(), QUERY)
    assert all(0 < p["probability"] <= 1 for d in found for p in d.metadata["semtoken"]["pieces"])
    found = compressor(max_tokens=15, strategy="lead").compress_documents(documents(), QUERY)
    assert not any("probability" in p for d in found for p in d.metadata["semtoken"]["pieces"])


RULES = (
    "The reading room is open from nine to five and members may stay until eight if they sign the list at"
    " the desk before noon. Coffee and water are sold in the hall. Guests pay 12 euros per day, due at the"
    " desk on arrival, and must leave their bags in a locker. Phones stay off. Copies cost 10 cents a page"
    " from the old machine and 25 cents from the new one, which also prints in colour."
)


@pytest.mark.parametrize("with_offsets", [False, True])
@pytest.mark.parametrize("ratio", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_what_a_splitter_lets_overlap_is_passed_on_once(ratio, with_offsets):
    splitter = RecursiveCharacterTextSplitter(chunk_size=130, chunk_overlap=55, add_start_index=True)
    parts = splitter.create_documents([RULES], [{"source": "rules.txt"}] if with_offsets else None)
    found = compressor(ratio=ratio, token_counter=None).compress_documents(
        parts, "What do guests pay per day?"
    )
    places: list[int] = []
    for document in found:
        for piece in document.metadata["semtoken"]["pieces"]:
            places += range(piece["source_start"], piece["source_end"])
    assert len(places) - len(set(places)) < 20
    assert places or ratio < 0.2


class Events(BaseCallbackHandler):
    """Collects custom events."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        self.seen.append((name, data))


class Boom(BaseCallbackHandler):
    """Fails on a custom event and insists that this be seen."""

    raise_error = True

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        raise RuntimeError("boom")


def test_source_offsets_after_a_splitter() -> None:
    source = f"{BREAD}\n\n{ROME}\n\n{PARIS}"
    splitter = RecursiveCharacterTextSplitter(chunk_size=150, chunk_overlap=0, add_start_index=True)
    out = compressor(ratio=0.5).compress_documents(splitter.create_documents([source]), QUERY)
    pieces = [(d, p) for d in out for p in d.metadata["semtoken"]["pieces"]]
    assert any(d.metadata["start_index"] > 0 for d, _ in pieces)
    for d, p in pieces:
        assert p["source_start"] == p["start"] + d.metadata["start_index"]
        assert source[p["source_start"] : p["source_end"]] in d.page_content


def test_odd_metadata_does_no_harm() -> None:
    odd = [Document(page_content=PARIS, metadata={"title": 7, "score": "high", "start_index": True, 1: None})]
    out = compressor(max_tokens=10).compress_documents(odd, QUERY)
    assert out[0].metadata["title"] == 7
    assert "source_start" not in out[0].metadata["semtoken"]["pieces"][0]


def test_fields_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        compressor().ratio = 0.1


@pytest.mark.parametrize("kind", [LangChainRetriever, ContextualCompressionRetriever])
def test_in_a_retriever_sync_and_async_with_its_event(kind: type[LangChainRetriever]) -> None:
    c = compressor(max_tokens=20)
    retriever = kind(base_compressor=c, base_retriever=Fixed(found=documents()))
    expected = c.compress_documents(documents(), QUERY)
    events = Events()
    assert retriever.invoke(QUERY, config={"callbacks": [events]}) == expected
    assert asyncio.run(retriever.ainvoke(QUERY, config={"callbacks": [events]})) == expected
    assert [name for name, _ in events.seen] == ["semtoken", "semtoken"]
    for _, data in events.seen:
        assert data["tokens_before"] == sum(words(d.page_content) for d in documents())
        assert 0 < data["tokens_after"] <= data["budget"] == 20
        assert data["encoder"]
        assert data["seconds"]
        assert all(seconds >= 0 for seconds in data["seconds"].values())
        json.dumps(data)


@pytest.mark.parametrize("abstain", ["empty", "best"])
def test_a_chain_hears_that_the_documents_do_not_answer(abstain: str) -> None:
    c = compressor(max_tokens=20, min_relevance=0.999999, abstain=abstain)
    retriever = ContextualCompressionRetriever(compressor=c, retriever=Fixed(found=documents()))
    values = {"documents": documents(), "query": QUERY}
    runs = (
        lambda config: retriever.invoke(QUERY, config=config),
        lambda config: asyncio.run(retriever.ainvoke(QUERY, config=config)),
        lambda config: c.as_runnable().invoke(values, config=config),
        lambda config: asyncio.run(c.as_runnable().ainvoke(values, config=config)),
    )
    for run in runs:
        events = Events()
        out = run({"callbacks": [events]})
        assert [d.metadata["title"] for d in out] == ([] if abstain == "empty" else ["Paris"])
        ((_, data),) = events.seen
        assert data["abstained"] is True
        assert 0 <= data["answerable"] < 0.999999
        assert 0 <= data["confidence"] <= 1
        assert data["cut_by"] == "max_tokens"
        assert data["tokens_after"] == sum(words(d.page_content) for d in out)
        json.dumps(data)
    flat = c.model_copy(update={"flat_note": True}).compress_documents(documents(), QUERY)
    assert all(json.loads(d.metadata["semtoken"])["abstained"] for d in flat)


def test_without_a_question_nothing_abstains() -> None:
    fields: dict[str, Any] = {"ratio": 0.5, "encoder": "static", "token_counter": words}
    plain = SemTokenTransformer(**fields).transform_documents(documents())
    for kind in (SemTokenTransformer, SemTokenCompressor):
        strict = kind(**fields, min_relevance=0.999999)
        assert strict.transform_documents(documents()) == plain
        assert asyncio.run(strict.atransform_documents(documents())) == plain


def test_outside_of_a_run_there_is_no_event_and_no_error() -> None:
    events = Events()
    assert compressor(max_tokens=20).compress_documents(documents(), QUERY, callbacks=[events])
    assert asyncio.run(compressor(max_tokens=20).acompress_documents(documents(), QUERY, callbacks=[events]))
    assert events.seen == []


def test_error_of_a_handler_is_not_hidden() -> None:
    retriever = LangChainRetriever(base_compressor=compressor(), base_retriever=Fixed(found=documents()))
    with pytest.raises(RuntimeError, match="boom"):
        retriever.invoke(QUERY, config={"callbacks": [Boom()]})


def test_retriever_takes_both_spellings() -> None:
    c, r = compressor(max_tokens=20), Fixed(found=documents())
    ours = ContextualCompressionRetriever(compressor=c, retriever=r)
    mixed = ContextualCompressionRetriever(base_compressor=c, retriever=r)
    assert ours.invoke(QUERY) == mixed.invoke(QUERY) == c.compress_documents(documents(), QUERY)
    with pytest.raises(ValueError, match="got both"):
        ContextualCompressionRetriever(compressor=c, base_compressor=c, retriever=r)


def test_pipeline_gives_the_compressor_the_query_and_the_transformer_none() -> None:
    c = compressor(max_tokens=20)
    t = SemTokenTransformer(ratio=0.5, encoder="static", token_counter=words, on_error="raise")
    alone = DocumentCompressorPipeline(transformers=[c])
    assert alone.compress_documents(documents(), QUERY) == c.compress_documents(documents(), QUERY)
    both = DocumentCompressorPipeline(transformers=[t, c])
    expected = c.compress_documents(t.transform_documents(documents()), QUERY)
    assert both.compress_documents(documents(), QUERY) == expected
    assert asyncio.run(both.acompress_documents(documents(), QUERY)) == expected


@pytest.mark.parametrize("kind", [SemTokenCompressor, SemTokenTransformer])
def test_transforming_equals_compressing_without_query(kind: type[SemTokenCompressor]) -> None:
    fields: dict[str, Any] = {"ratio": 0.4, "encoder": "static", "token_counter": words}
    out = kind(**fields).transform_documents(documents())
    assert out == SemTokenCompressor(**fields).compress_documents(documents(), "")
    assert out == asyncio.run(kind(**fields).atransform_documents(documents()))
    assert kind(**fields).transform_documents([]) == []


def test_runnable_in_a_chain() -> None:
    c = compressor(max_tokens=20)
    chain = RunnableLambda(lambda query: {"documents": documents(), "query": query}) | c.as_runnable()
    events = Events()
    expected = c.compress_documents(documents(), QUERY)[::-1]  # next to the question that follows: the best
    assert len(expected) > 1
    assert chain.invoke(QUERY, config={"callbacks": [events]}) == expected
    assert asyncio.run(chain.ainvoke(QUERY, config={"callbacks": [events]})) == expected
    assert chain.batch([QUERY, QUERY]) == [expected, expected]
    assert [name for name, _ in events.seen] == ["semtoken", "semtoken"]


def test_a_runnable_keeps_to_the_order_that_is_named() -> None:
    for order in ("source", "relevance"):
        c = compressor(ratio=0.8, config=Config(order=order))
        out = c.as_runnable().invoke({"documents": documents()[::-1], "query": QUERY})
        assert out == c.compress_documents(documents()[::-1], QUERY)
    whole = compressor(ratio=1.0).as_runnable().invoke({"documents": documents(), "query": QUERY})
    assert [d.id for d in whole] == [d.id for d in documents()]  # what fits passes as it was given


def test_fusion_puts_first_what_both_retrievers_put_first() -> None:
    plain = Fixed(found=documents())
    cut = ContextualCompressionRetriever(compressor=compressor(ratio=0.9), retriever=plain)
    fused = EnsembleRetriever(retrievers=[cut, plain], weights=[0.6, 0.4], id_key="title")
    assert fused.invoke(QUERY)[0].metadata["title"] == "Paris"


def test_the_transformer_keeps_the_order_of_the_source() -> None:
    t = SemTokenTransformer(ratio=0.8, encoder="static", token_counter=words)
    assert [d.id for d in t.transform_documents(documents()[::-1])] == ["doc-2", "doc-1", "doc-0"]


def shown(found: list[Document], prompt: Any = None) -> str:
    """Return the context that LangChain's stuff chains make of documents."""
    made = prompt or PromptTemplate.from_template("{page_content}")
    return "\n\n".join(format_document(document, made) for document in found)


@pytest.mark.parametrize("budget", [12, 20, 30, 45])
@pytest.mark.parametrize("count", [words, len], ids=["words", "characters"])
def test_the_prompt_is_inside_the_budget(budget: int, count: Any) -> None:
    prompt = PromptTemplate.from_template("Source: {title}, page {page}\n{page_content}\n(end)")
    limit = budget if count is words else 6 * budget
    c = compressor(max_tokens=limit, overhead="auto", document_prompt=prompt, token_counter=count)
    found = c.compress_documents(documents(), QUERY)
    assert count(shown(found, prompt)) <= limit
    assert asyncio.run(c.acompress_documents(documents(), QUERY)) == found
    plain = compressor(max_tokens=limit, overhead="auto", token_counter=count)
    assert count(shown(plain.compress_documents(documents(), QUERY))) <= limit
    assert plain.compress_documents(documents(), QUERY)


def test_overhead_is_measured_once_a_document_and_is_never_negative() -> None:
    (document,) = documents()[:1]
    short = PromptTemplate.from_template("{title}")
    c = compressor(max_tokens=30, overhead="auto", document_prompt=short)
    assert c._take([document]).chunks[0].overhead == 0
    assert compressor(overhead="auto", token_counter=len)._take([document]).chunks[0].overhead == 2
    longer = compressor(overhead="auto", token_counter=len, separator="\n---\n")
    assert longer._take([document]).chunks[0].overhead == 5
    assert compressor(overhead=7)._take([document]).chunks[0].overhead == 7
    assert compressor()._take([document]).chunks[0].overhead == 0
    asking = PromptTemplate.from_template("{author}: {page_content}")
    with pytest.raises(ValueError, match="author"):  # the chain would say the same
        compressor(overhead="auto", document_prompt=asking).compress_documents([document], QUERY)
    with pytest.raises(ValueError, match="document_prompt must be None"):
        SemTokenCompressor(document_prompt=short).model_dump_json()


def test_stats_name_the_documents_left_out() -> None:
    broken = Document.model_construct(page_content=None, metadata={}, id="empty")
    loose = Document.model_construct(page_content="It rained.", metadata=None)
    events = Events()
    values = {"documents": [*documents(), broken, loose], "query": QUERY}
    compressor(max_tokens=20).as_runnable().invoke(values, config={"callbacks": [events]})
    assert events.seen[0][1]["skipped"] == [
        "document 3 (id 'empty'): its text must be a str, got NoneType",
        "document 4: its metadata must be a mapping, got NoneType",
    ]
    json.dumps(events.seen[0][1])
    compressor().as_runnable().invoke({**values, "documents": [broken]}, config={"callbacks": [events]})
    assert len(events.seen[1][1]["skipped"]) == 1


@pytest.mark.parametrize("kind", [SemTokenCompressor, SemTokenTransformer])
def test_a_flat_note_is_for_stores_of_flat_metadata(kind: type[SemTokenCompressor]) -> None:
    fields: dict[str, Any] = {"ratio": 0.5, "encoder": "static", "token_counter": words}
    flat = kind(**fields, flat_note=True).transform_documents(documents())
    deep = kind(**fields).transform_documents(documents())
    assert flat
    for one, other in zip(flat, deep, strict=True):
        assert json.loads(one.metadata["semtoken"]) == other.metadata["semtoken"]
        assert one.page_content == other.page_content
    (again, *_) = compressor(ratio=1.0).compress_documents(flat, QUERY)
    assert set(again.metadata["semtoken"]) == {"pieces", "tokens_before", "tokens_after"}


def test_headings_of_langchains_own_splitter() -> None:
    page = "# Ferries\n\n## Halm\n\nBikes ride for 4 crowns. Dogs pay half."
    page += "\n\n## Lund\n\nBikes ride for 9 crowns."
    levels = [("#", "Header 1"), ("##", "Header 2")]
    split = MarkdownHeaderTextSplitter(levels).split_text(page)
    assert all("Halm" not in document.page_content for document in split)
    out = compressor(max_tokens=11).compress_documents(split, "What do bikes cost to Lund?")
    assert [d.page_content for d in out] == ["Ferries > Lund\nBikes ride for 9 crowns."]


def test_annotating_leaves_out_what_has_no_text() -> None:
    store, broken = InMemoryByteStore(), Document.model_construct(page_content=None, metadata={})
    step = SemTokenTransformer(mode="annotate", encoder="static", store=store)
    given = [*documents(), broken]
    assert step.transform_documents(given) == given
    assert len(list(store.yield_keys())) == 3


def test_annotating_leaves_the_documents_and_fills_the_store() -> None:
    store, given = InMemoryByteStore(), documents()
    step = SemTokenTransformer(mode="annotate", encoder="static", store=store)
    assert step.transform_documents(given) == given
    assert asyncio.run(step.atransform_documents(given)) == given
    assert len(list(store.yield_keys())) == len(given)
    events, run = Events(), compressor(max_tokens=20, store=store).as_runnable()
    out = run.invoke({"documents": given, "query": QUERY}, config={"callbacks": [events]})
    assert events.seen[0][1]["stored"] == len(given)
    best_last = compressor(max_tokens=20, store=InMemoryByteStore(), config=Config(order="best-last"))
    assert out == best_last.compress_documents(given, QUERY)


def test_annotating_without_a_store_is_an_error() -> None:
    with pytest.raises(ValueError, match="store=None"):
        SemTokenTransformer(mode="annotate", encoder="static").transform_documents(documents())
