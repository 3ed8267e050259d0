"""The LangChain contract: what users of a compressor, a transformer and a retriever rely on."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import threading
from typing import Any

import pytest
from langchain_classic.retrievers import ContextualCompressionRetriever as LangChainRetriever
from langchain_classic.retrievers.document_compressors import DocumentCompressorPipeline
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_text_splitters import RecursiveCharacterTextSplitter
from pydantic import ValidationError

from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor, SemTokenTransformer
from semtoken_rag import Config

QUERY = "How tall is the Eiffel Tower?"
PARIS = (
    "Paris is the capital of France. The Eiffel Tower is 330 metres tall. It was built for the fair of 1889. "
    "Many people visit the city in spring."
)
BREAD = (
    "Bread is made of flour, water and salt. The dough rests for an hour. Bake it at 220 degrees. "
    "A crust forms within twenty minutes."
)
ROME = "Rome lies on the Tiber. The Colosseum held fifty thousand people. Its outer wall is 48 metres tall."


def words(text: str) -> int:
    """Count like a reader whose tokens are words."""
    return len(text.split())


def documents() -> list[Document]:
    """Three documents with ids and metadata, made anew for each test."""
    texts = {"Paris": PARIS, "Bread": BREAD, "Rome": ROME}
    return [
        Document(
            page_content=text,
            id=f"doc-{i}",
            metadata={"title": title, "page": i, "tags": ["x"], "score": 0.5},
        )
        for i, (title, text) in enumerate(texts.items())
    ]


def compressor(**fields: Any) -> SemTokenCompressor:
    """Build one with the fast encoder and the word count."""
    return SemTokenCompressor(**{"encoder": "static", "token_counter": words, "on_error": "raise", **fields})


class Fixed(BaseRetriever):
    """Returns the same documents for any query."""

    found: list[Document]

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return self.found


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


def test_the_answer_is_kept_and_the_rest_shortened() -> None:
    out = compressor(max_tokens=20).compress_documents(documents(), QUERY)
    text = " ".join(d.page_content for d in out)
    assert "The Eiffel Tower is 330 metres tall." in text
    assert "flour" not in text


@pytest.mark.parametrize("budget", [1, 2, 5, 9, 20, 40, 59, 1000])
def test_one_budget_for_all_documents(budget: int) -> None:
    out = compressor(max_tokens=budget).compress_documents(documents(), QUERY)
    assert sum(words(d.page_content) for d in out) <= budget


@pytest.mark.parametrize("ratio", [0.05, 0.2, 0.5, 1.0])
def test_ratio_is_of_all_documents(ratio: float) -> None:
    before = sum(words(d.page_content) for d in documents())
    out = compressor(ratio=ratio).compress_documents(documents(), QUERY)
    assert sum(words(d.page_content) for d in out) <= ratio * before


def test_budget_that_holds_everything_changes_no_text() -> None:
    out = compressor(max_tokens=1000).compress_documents(documents(), QUERY)
    assert [d.page_content for d in out] == [PARIS, BREAD, ROME]


def test_default_ratio_gives_way_to_max_tokens() -> None:
    assert compressor().ratio == 0.4
    assert compressor(max_tokens=9).ratio is None
    assert compressor(max_tokens=9, ratio=0.3).ratio == 0.3
    again = SemTokenCompressor.model_validate(compressor(max_tokens=9).model_dump())
    assert (again.ratio, again.max_tokens) == (None, 9)


def test_ids_metadata_and_order_are_kept() -> None:
    given = documents()
    out = compressor(ratio=0.6).compress_documents(given, QUERY)
    assert len(out) > 1
    by_id = {d.id: d for d in given}
    assert [d.id for d in out] == [d.id for d in given if d.id in {o.id for o in out}]
    for d in out:
        rest = {key: value for key, value in d.metadata.items() if key != "semtoken"}
        assert rest == by_id[d.id].metadata


def test_inputs_are_untouched() -> None:
    given = documents()
    before = copy.deepcopy(given)
    out = compressor(max_tokens=15).compress_documents(given, QUERY)
    assert given == before
    assert all(o is not g for o in out for g in given)


def test_note_is_json_and_its_pieces_are_the_source() -> None:
    given = {d.id: d.page_content for d in documents()}
    out = compressor(max_tokens=25).compress_documents(documents(), QUERY)
    assert out
    for d in out:
        note = json.loads(json.dumps(d.metadata))["semtoken"]
        assert set(note) == {"pieces", "tokens_before", "tokens_after"}
        assert note["tokens_before"] == words(given[d.id])
        assert 0 < note["tokens_after"] <= note["tokens_before"]
        assert note["pieces"]
        last = 0
        for piece in note["pieces"]:
            assert set(piece) == {"start", "end", "granularity", "score"}
            assert piece["granularity"] in ("fine", "coarse")
            assert last <= piece["start"] < piece["end"] <= len(given[d.id])
            assert given[d.id][piece["start"] : piece["end"]] in d.page_content
            last = piece["end"]


def test_source_offsets_after_a_splitter() -> None:
    source = f"{BREAD}\n\n{ROME}\n\n{PARIS}"
    splitter = RecursiveCharacterTextSplitter(chunk_size=150, chunk_overlap=0, add_start_index=True)
    out = compressor(ratio=0.5).compress_documents(splitter.create_documents([source]), QUERY)
    pieces = [(d, p) for d in out for p in d.metadata["semtoken"]["pieces"]]
    assert any(d.metadata["start_index"] > 0 for d, _ in pieces)
    for d, p in pieces:
        assert p["source_start"] == p["start"] + d.metadata["start_index"]
        assert source[p["source_start"] : p["source_end"]] in d.page_content


def test_compressed_twice_gives_no_offsets_into_the_source() -> None:
    first = compressor(ratio=0.7).compress_documents(
        [Document(page_content=PARIS, metadata={"start_index": 10})], QUERY
    )
    assert "source_start" in first[0].metadata["semtoken"]["pieces"][0]
    second = compressor(ratio=1.0).compress_documents(first, QUERY)
    assert "source_start" not in second[0].metadata["semtoken"]["pieces"][0]


def test_async_equals_sync() -> None:
    c = compressor(max_tokens=20)
    assert asyncio.run(c.acompress_documents(documents(), QUERY)) == c.compress_documents(documents(), QUERY)


def test_32_concurrent_calls_equal_sequential_ones() -> None:
    c = compressor(ratio=0.3)
    jobs = [(documents()[i % 3 :] + documents()[: i % 2], f"{QUERY} {i}" if i % 4 else "") for i in range(32)]

    async def together() -> list[list[Document]]:
        return await asyncio.gather(*(c.acompress_documents(docs, query) for docs, query in jobs))

    assert asyncio.run(together()) == [
        compressor(ratio=0.3).compress_documents(docs, query) for docs, query in jobs
    ]


def test_async_leaves_the_loop_free() -> None:
    """The count waits for the loop: were it on the loop's own thread, it would never get its sign."""
    sign = threading.Event()
    signed = []

    def waiting(text: str) -> int:
        signed.append(sign.wait(timeout=20))
        return words(text)

    async def main() -> None:
        task = asyncio.create_task(
            compressor(max_tokens=9, token_counter=waiting).acompress_documents(documents(), QUERY)
        )
        await asyncio.sleep(0.05)
        sign.set()
        await task

    asyncio.run(main())
    assert signed
    assert all(signed)


def test_empty_list_and_blank_documents() -> None:
    c = compressor(max_tokens=10)
    assert c.compress_documents([], QUERY) == []
    assert asyncio.run(c.acompress_documents([], QUERY)) == []
    assert c.transform_documents([]) == []
    blank = [Document(page_content=""), Document(page_content=" \n ")]
    assert [d.page_content for d in c.compress_documents(blank, QUERY)] == ["", " \n "]  # it all fits
    out = c.compress_documents([Document(page_content=""), *documents()], QUERY)
    assert [d.metadata["title"] for d in out] == ["Paris"]


@pytest.mark.parametrize("query", ["", "  \n"])
def test_blank_query_compresses_without_one(query: str) -> None:
    c = compressor(ratio=0.5)
    out = c.compress_documents(documents(), query)
    assert out == c.transform_documents(documents()) == asyncio.run(c.atransform_documents(documents()))
    assert 0 < sum(words(d.page_content) for d in out) < sum(words(d.page_content) for d in documents())


def test_odd_metadata_does_no_harm() -> None:
    odd = [Document(page_content=PARIS, metadata={"title": 7, "score": "high", "start_index": True, 1: None})]
    out = compressor(max_tokens=10).compress_documents(odd, QUERY)
    assert out[0].metadata["title"] == 7
    assert "source_start" not in out[0].metadata["semtoken"]["pieces"][0]


def test_ten_thousand_tiny_documents() -> None:
    many = [Document(page_content=f"Note {i} is short.", id=str(i)) for i in range(9_999)]
    many.insert(5_000, Document(page_content="The Eiffel Tower is 330 metres tall.", id="answer"))
    out = compressor(max_tokens=100).compress_documents(many, QUERY)
    assert "answer" in {d.id for d in out}
    assert sum(words(d.page_content) for d in out) <= 100


def test_pickle_and_copies() -> None:
    c = compressor(max_tokens=20)
    expected = c.compress_documents(documents(), QUERY)
    for other in (pickle.loads(pickle.dumps(c)), copy.copy(c), copy.deepcopy(c), c.model_copy(deep=True)):
        assert other == c
        assert other.compress_documents(documents(), QUERY) == expected


def test_copy_with_another_encoder_does_not_use_the_old_one() -> None:
    c = compressor(max_tokens=20)
    c.compress_documents(documents(), QUERY)
    changed = c.model_copy(update={"token_counter": len})
    assert sum(len(d.page_content) for d in changed.compress_documents(documents(), QUERY)) <= 20


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"ratio": 0}, "0"),
        ({"ratio": 1.5}, "1.5"),
        ({"ratio": float("nan")}, "nan"),
        ({"max_tokens": 0}, "0"),
        ({"max_tokens": -7}, "-7"),
        ({"min_tokens": -3}, "-3"),
        ({"on_error": "ignore"}, "ignore"),
        ({"config": 3}, "3"),
        ({"ratio": None}, "None"),
        ({"budget": 512}, "512"),
    ],
)
@pytest.mark.parametrize("kind", [SemTokenCompressor, SemTokenTransformer])
def test_bad_fields_are_value_errors_that_show_the_value(
    kind: type, fields: dict[str, Any], shown: str
) -> None:
    with pytest.raises(ValueError, match=shown) as caught:
        kind(**fields)
    assert next(iter(fields)) in str(caught.value)


def test_fields_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        compressor().ratio = 0.1


def test_min_tokens_passes_short_calls_through() -> None:
    out = compressor(ratio=0.1, min_tokens=1000).compress_documents(documents(), QUERY)
    by_config = compressor(ratio=0.1, config=Config(min_tokens=1000)).compress_documents(documents(), QUERY)
    assert [d.page_content for d in out] == [d.page_content for d in by_config] == [PARIS, BREAD, ROME]


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


def test_transformer_equals_the_compressor_without_query() -> None:
    fields: dict[str, Any] = {"ratio": 0.4, "encoder": "static", "token_counter": words}
    out = SemTokenTransformer(**fields).transform_documents(documents())
    assert out == SemTokenCompressor(**fields).compress_documents(documents(), "")
    assert out == asyncio.run(SemTokenTransformer(**fields).atransform_documents(documents()))


def test_runnable_in_a_chain() -> None:
    c = compressor(max_tokens=20)
    chain = RunnableLambda(lambda query: {"documents": documents(), "query": query}) | c.as_runnable()
    events = Events()
    expected = c.compress_documents(documents(), QUERY)
    assert chain.invoke(QUERY, config={"callbacks": [events]}) == expected
    assert asyncio.run(chain.ainvoke(QUERY, config={"callbacks": [events]})) == expected
    assert chain.batch([QUERY, QUERY]) == [expected, expected]
    assert [name for name, _ in events.seen] == ["semtoken", "semtoken"]
