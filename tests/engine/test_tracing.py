"""A call as a span of OpenTelemetry: its place among the others, its figures, and no text unasked."""

from __future__ import annotations

import asyncio
import copy
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from semtoken_rag import Chunk, Config, SemToken
from semtoken_rag.context import CompressedContext
from semtoken_rag.encoders.static import StaticEncoder
from semtoken_rag.types import Encoding
from tests.support.held import Held
from tests.support.samples import BREAD, PARIS, QUERY, ROME, words

CHUNKS = [Chunk(BREAD, id="bread"), Chunk(PARIS, id="paris", score=0.5), Chunk(ROME)]
TEXT = {word for text in (BREAD, PARIS, ROME, QUERY) for word in text.split() if len(word) > 4}

Spans = Callable[[], tuple[Any, ...]]
WITHOUT = """
import sys
from semtoken_rag import SemToken

engine = SemToken(encoder="static")
kept = engine.compress(["One two. Three four."], "Three?", max_tokens=3).text
assert "opentelemetry" not in sys.modules
import opentelemetry.trace  # without a provider

assert engine.compress(["One two. Three four."], "Three?", max_tokens=3).text == kept
"""


def engine(**given: Any) -> SemToken:
    return SemToken(**{"encoder": "static", "token_counter": words, **given})


def call(made: SemToken, how: str = "compress", query: str = QUERY) -> CompressedContext:
    """Compress, from a coroutine if the method is one."""
    found = getattr(made, how)(CHUNKS, query, max_tokens=15)
    return asyncio.run(found) if asyncio.iscoroutine(found) else found


@pytest.mark.parametrize("how", ["compress", "acompress"])
def test_a_call_is_a_span_with_its_figures_and_no_text(how: str, spans: Spans) -> None:
    stats = call(engine(), how).stats
    (span,) = spans()
    assert (span.name, span.status.status_code.name, span.events) == ("semtoken.compress", "UNSET", ())
    found = dict(span.attributes)
    assert found.pop("openinference.span.kind") == "RERANKER"
    assert found.pop("reranker.model_name") == found.pop("semtoken.encoder") == stats.encoder
    assert found.pop("reranker.top_k") == found.pop("semtoken.chunks") == 3
    assert found.pop("semtoken.kept") >= 1
    assert found == {
        "semtoken.tokens_before": stats.tokens_before,
        "semtoken.tokens_after": stats.tokens_after,
        "semtoken.saved": stats.tokens_before - stats.tokens_after,
        "semtoken.ratio": stats.tokens_after / stats.tokens_before,
        "semtoken.factor": stats.tokens_before / stats.tokens_after,
        "semtoken.budget": 15,
        "semtoken.counter": "callable",
        "semtoken.stored": 0,
        "semtoken.confidence": stats.confidence,
        "semtoken.answerable": stats.answerable,
        "semtoken.abstained": False,
        "semtoken.cut_by": "max_tokens",
        "semtoken.device": "cpu",
        "semtoken.total_seconds": stats.total_seconds,
    }
    assert not [word for word in TEXT if word in span.to_json()]


def test_attributes_have_the_names_of_openinference(spans: Spans) -> None:
    names = pytest.importorskip("openinference.semconv.trace")
    call(engine(config=Config(trace_text=True)))
    known = {
        value
        for kind in (names.SpanAttributes, names.RerankerAttributes, names.DocumentAttributes)
        for key, value in vars(kind).items()
        if key.isupper()
    }
    (span,) = spans()
    for name in span.attributes:
        if not name.startswith("semtoken."):
            place, _, rest = name.partition("_documents.")
            used = [f"{place}_documents", rest.partition(".")[2]] if rest else [place]
            assert set(used) <= known, name
    kind = span.attributes["openinference.span.kind"]
    assert kind == names.OpenInferenceSpanKindValues.RERANKER.value


@pytest.mark.parametrize("hidden", ["", "OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS"])
def test_text_is_shown_if_it_is_asked_for_and_not_hidden(hidden: str, spans: Spans, monkeypatch) -> None:
    if hidden:
        monkeypatch.setenv(hidden, "True")
    context = call(engine(config=Config(trace_text=True)))
    found = spans()[0].attributes
    inputs = {name: value for name, value in found.items() if "input" in name or name == "reranker.query"}
    outputs = {name: value for name, value in found.items() if "output" in name}
    if hidden == "OPENINFERENCE_HIDE_INPUTS":
        assert not inputs
    else:
        assert inputs["reranker.query"] == inputs["input.value"] == QUERY
        texts = [inputs[f"reranker.input_documents.{i}.document.content"] for i in range(3)]
        assert texts == [BREAD, PARIS, ROME]
        assert inputs["reranker.input_documents.1.document.id"] == "paris"
        assert inputs["reranker.input_documents.1.document.score"] == 0.5
        assert "reranker.input_documents.2.document.id" not in inputs
    if hidden == "OPENINFERENCE_HIDE_OUTPUTS":
        assert not outputs
    else:
        assert outputs["output.value"] == context.text
        shown = [
            outputs[f"reranker.output_documents.{i}.document.content"] for i in range(len(context.chunks))
        ]
        assert shown == [chunk.text for chunk in context.chunks]


def test_text_that_no_exporter_could_encode_is_mended(spans: Spans) -> None:
    call(engine(config=Config(trace_text=True)), query="tower \ud800")
    assert spans()[0].attributes["reranker.query"] == "tower �"


class Odd(float):
    """A score that cannot be read."""

    def __float__(self) -> float:
        raise RuntimeError("no number")


def test_what_cannot_be_traced_does_no_harm(spans: Spans, caplog: pytest.LogCaptureFixture) -> None:
    made = engine(config=Config(trace_text=True), on_error="raise")
    odd = [Chunk(BREAD, id=7, score="high"), Chunk(PARIS, score=Odd(0.5))]  # type: ignore[arg-type]
    assert (
        made.compress(odd, QUERY, max_tokens=15).text
        == made.compress([BREAD, PARIS], QUERY, max_tokens=15).text
    )
    assert spans()[0].attributes["semtoken.tokens_after"] <= 15
    assert "the span of a call is incomplete: RuntimeError" in caplog.text


def fail(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("a broken tracer")


@pytest.mark.parametrize("how", ["compress", "acompress"])
@pytest.mark.parametrize("where", ["provider", "sampler", "on_start", "on_end"])
def test_a_tracer_that_fails_does_no_harm(
    how: str, where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry import trace as api
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    provider, processor, sampler = trace.TracerProvider(), trace.SpanProcessor(), copy.copy(ALWAYS_ON)
    monkeypatch.setattr(sampler, "should_sample", fail if where == "sampler" else sampler.should_sample)
    monkeypatch.setattr(processor, where, fail, raising=False)
    provider.sampler = sampler
    provider.add_span_processor(processor)
    monkeypatch.setattr(api, "get_tracer", fail if where == "provider" else provider.get_tracer)
    assert call(engine(on_error="raise"), how).text
    assert "the span of a call is incomplete: RuntimeError" in caplog.text


class Spanning(StaticEncoder):
    """Opens a span of its own, as the client of a model server does."""

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        from opentelemetry import trace

        with trace.get_tracer("test").start_as_current_span("encode"):
            return super().encode(texts, titles)


@pytest.mark.parametrize("how", ["compress", "acompress"])
@pytest.mark.parametrize("config", [Config(), Config(deadline=60.0)], ids=["no deadline", "deadline"])
def test_the_span_is_in_its_place_in_worker_threads_too(how: str, config: Config, spans: Spans) -> None:
    from opentelemetry import trace

    with trace.get_tracer("test").start_as_current_span("request"):
        call(engine(encoder=Spanning(), config=config), how)
    inner, own, outer = spans()
    assert (inner.name, own.name, outer.name) == ("encode", "semtoken.compress", "request")
    assert inner.parent.span_id == own.context.span_id
    assert own.parent.span_id == outer.context.span_id


class Broken(StaticEncoder):
    """Fails, and quotes what it was given."""

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        raise RuntimeError(f"cannot encode: {texts[0]}")


@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("on_error", ["fallback", "raise"])
def test_a_failure_is_an_error_by_its_type(on_error: str, shown: bool, spans: Spans) -> None:
    made = engine(encoder=Broken(), on_error=on_error, config=Config(trace_text=shown))
    if on_error == "raise":
        with pytest.raises(RuntimeError, match="cannot encode"):
            call(made)
    else:
        assert call(made).stats.fallback.startswith("RuntimeError: cannot encode")
    (span,) = spans()
    ((event,), status) = span.events, span.status
    assert event.name == ("exception" if on_error == "raise" else "semtoken.fallback")
    assert event.attributes["exception.type"] == "RuntimeError"
    assert (status.status_code.name, status.description) == ("ERROR", "RuntimeError")
    if shown:
        assert event.attributes["exception.message"].startswith("cannot encode: ")
    else:
        assert "cannot encode" not in span.to_json()
        assert not [word for word in TEXT if word in span.to_json()]


def test_a_call_that_is_late_has_the_time_that_its_caller_waited() -> None:
    held = Held()
    try:
        stats = call(engine(encoder=held, config=Config(deadline=0.1))).stats
    finally:
        held.go.set()
    assert stats.fallback
    assert stats.total_seconds >= 0.1


def test_the_seconds_in_all_are_more_than_those_of_the_stages() -> None:
    stats = call(engine()).stats
    assert stats.total_seconds > sum(stats.seconds.values()) > 0


def test_a_program_that_does_not_trace_pays_nothing() -> None:
    pytest.importorskip("opentelemetry")
    subprocess.run([sys.executable, "-c", WITHOUT], check=True, timeout=60)


def test_a_bad_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="trace_text must be True or False, got 'yes'"):
        Config(trace_text="yes")  # type: ignore[arg-type]
