"""What the tracers of the frameworks show of a compression: a step of its own, with figures and no text."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.schema import NodeWithScore, TextNode

from langchain_semtoken import ContextualCompressionRetriever, SemTokenCompressor
from llama_index.postprocessor.semtoken import CompressionEndEvent, SemTokenPostprocessor
from semtoken_rag import Config
from semtoken_rag.encoders.static import StaticEncoder
from semtoken_rag.types import Encoding
from tests.support.samples import QUERY, TEXTS, words

FAST = {"encoder": "static", "token_counter": words, "max_tokens": 20}
DOCUMENTS = [Document(page_content=text, id=f"d{i}") for i, text in enumerate(TEXTS.values())]
NODES = [NodeWithScore(node=TextNode(text=text, id_=f"n{i}")) for i, text in enumerate(TEXTS.values())]

both = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


class Tracer(BaseTracer):
    """Keeps the runs that have no parent, with their children, as LangSmith's tracer sends them."""

    def __init__(self) -> None:
        super().__init__()
        self.roots: list[Run] = []

    def _persist_run(self, run: Run) -> None:
        self.roots.append(run)


class Fixed(BaseRetriever):
    """Returns the same documents for any query."""

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return DOCUMENTS


class Broken(StaticEncoder):
    """Fails."""

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        raise RuntimeError("no encoding today")


def invoke(runnable: Any, given: Any, callbacks: list[BaseCallbackHandler], asynchronous: bool) -> Any:
    config = {"callbacks": callbacks}
    return asyncio.run(runnable.ainvoke(given, config)) if asynchronous else runnable.invoke(given, config)


def compress(made: SemTokenCompressor, asynchronous: bool, callbacks: Any = None) -> list[Document]:
    if asynchronous:
        return asyncio.run(made.acompress_documents(DOCUMENTS, QUERY, callbacks))
    return made.compress_documents(DOCUMENTS, QUERY, callbacks)


def text_in(*shown: Any) -> list[str]:
    """Return the words of the documents and the question that something shows."""
    said = json.dumps(shown, default=str)
    return [w for text in (*TEXTS, *TEXTS.values(), QUERY) for w in text.split() if len(w) > 4 and w in said]


@both
def test_in_a_retriever_the_compression_is_a_run_of_its_own(asynchronous: bool) -> None:
    tracer, made = Tracer(), SemTokenCompressor(**FAST)
    retriever = ContextualCompressionRetriever(compressor=made, retriever=Fixed())
    kept = invoke(retriever, QUERY, [tracer], asynchronous)
    (root,) = tracer.roots
    step = next(run for run in root.child_runs if run.name == "SemTokenCompressor")
    assert (step.run_type, step.parent_run_id, step.error) == ("chain", root.id, None)
    assert step.inputs == {"chunks": len(DOCUMENTS), "max_tokens": 20}
    assert step.outputs["tokens_before"] == sum(words(d.page_content) for d in DOCUMENTS)
    assert step.outputs["tokens_after"] == sum(words(d.page_content) for d in kept) <= 20
    assert step.outputs["saved"] == step.outputs["tokens_before"] - step.outputs["tokens_after"]
    assert step.outputs["kept"] == len(kept)
    assert not text_in(step.inputs, step.outputs)


@both
def test_text_is_shown_if_it_is_asked_for(asynchronous: bool) -> None:
    tracer = Tracer()
    kept = compress(SemTokenCompressor(**FAST, config=Config(trace_text=True)), asynchronous, [tracer])
    (step,) = tracer.roots
    assert (step.inputs["query"], step.inputs["documents"]) == (QUERY, DOCUMENTS)
    assert step.outputs["documents"] == kept


@both
def test_a_failure_ends_the_run_with_an_error(asynchronous: bool) -> None:
    tracer, made = Tracer(), SemTokenCompressor(**FAST | {"encoder": Broken(), "on_error": "raise"})
    with pytest.raises(RuntimeError, match="no encoding today"):
        compress(made, asynchronous, [tracer])
    (step,) = tracer.roots
    assert "no encoding today" in step.error
    assert step.end_time is not None


@both
def test_a_fallback_is_told_by_its_type(asynchronous: bool) -> None:
    tracer = Tracer()
    assert compress(SemTokenCompressor(**FAST | {"encoder": Broken()}), asynchronous, [tracer])
    (step,) = tracer.roots
    assert (step.error, step.outputs["fallback"]) == (None, "RuntimeError")


@both
def test_callbacks_that_nobody_passes_on_are_found_and_none_at_all_will_do(asynchronous: bool) -> None:
    made, tracer = SemTokenCompressor(**FAST), Tracer()
    expected = compress(made, asynchronous)

    async def arun(_: str) -> list[Document]:
        return await made.acompress_documents(DOCUMENTS, QUERY)

    outer = RunnableLambda(lambda _: made.compress_documents(DOCUMENTS, QUERY), arun)
    assert invoke(outer, "", [tracer], asynchronous) == expected
    (root,) = tracer.roots
    assert [run.name for run in root.child_runs] == ["SemTokenCompressor"]


@both
def test_as_a_runnable_it_is_a_step_too(asynchronous: bool) -> None:
    tracer, given = Tracer(), {"documents": DOCUMENTS, "query": QUERY}
    assert invoke(SemTokenCompressor(**FAST).as_runnable(), given, [tracer], asynchronous)
    assert (
        invoke(SemTokenCompressor(**FAST).as_runnable(), given | {"documents": []}, [tracer], asynchronous)
        == []
    )
    steps = [run for root in tracer.roots for run in root.child_runs]
    assert [run.name for run in steps] == ["SemTokenCompressor"] * 2
    assert steps[0].outputs["tokens_after"] <= 20
    assert steps[1].outputs == {"kept": 0}


class Ends(BaseEventHandler):
    """Keeps the end events."""

    seen: list[CompressionEndEvent]

    def handle(self, event: Any, **_: Any) -> None:
        if isinstance(event, CompressionEndEvent):
            self.seen.append(event)


@both
def test_in_llama_index_the_compression_is_a_span_whose_event_has_the_figures(asynchronous: bool) -> None:
    root, spans, ends = get_dispatcher(), SimpleSpanHandler(), Ends(seen=[])
    root.add_span_handler(spans)
    root.add_event_handler(ends)
    made = SemTokenPostprocessor(**FAST, overhead=0)
    try:
        if asynchronous:
            asyncio.run(made.apostprocess_nodes(NODES, query_str=QUERY))
        else:
            made.postprocess_nodes(NODES, query_str=QUERY)
    finally:
        root.span_handlers.remove(spans)
        root.event_handlers.remove(ends)
    (end,) = ends.seen
    span = next(span for span in spans.completed_spans if span.id_ == end.span_id)
    assert span.id_.startswith("SemTokenPostprocessor._")
    assert end.tokens_before - end.tokens_after == end.saved > 0
    assert (end.factor, end.device) == (end.tokens_before / end.tokens_after, "cpu")
    assert end.total_seconds >= sum(end.seconds.values())


@both
@pytest.mark.parametrize("kind", [SemTokenCompressor, SemTokenPostprocessor])
def test_an_adapter_makes_one_span_of_opentelemetry_without_text(
    kind: type, asynchronous: bool, spans: Callable[[], tuple[Any, ...]]
) -> None:
    made = kind(**FAST, overhead=0)
    if kind is SemTokenCompressor:
        compress(made, asynchronous)
    elif asynchronous:
        asyncio.run(made.apostprocess_nodes(NODES, query_str=QUERY))
    else:
        made.postprocess_nodes(NODES, query_str=QUERY)
    (span,) = spans()
    assert span.name == "semtoken.compress"
    assert span.attributes["semtoken.tokens_after"] <= 20 < span.attributes["semtoken.tokens_before"]
    assert not text_in(span.to_json())
