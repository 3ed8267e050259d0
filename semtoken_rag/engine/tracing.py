"""The span of a call in OpenTelemetry: its figures, and its text only where the caller asks for that.

A program that traces has imported OpenTelemetry before it compresses anything. In any other program nothing
is imported here, and there is nothing to pay.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from semtoken_rag.context import CompressedContext
from semtoken_rag.engine.call import Call
from semtoken_rag.result import Stats
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import Chunk

if TYPE_CHECKING:
    from opentelemetry.trace import Span

log = logging.getLogger(__name__)

NAME = "semtoken.compress"
HIDE = ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS")

Finish: TypeAlias = Callable[[CompressedContext], CompressedContext]


@contextmanager
def observe(call: Call) -> Iterator[Finish]:
    """Time a call, and make a span of it if the program traces.

    The span is a child of the current one, and the current one of all that the call does, in worker threads
    too. Its attributes are those of OpenInference for a reranker, and the `figures` as ``semtoken.*``.

    Parameters
    ----------
    call
        The call.

    Yields
    ------
    Finish
        Function from the result to the same with `Stats.total_seconds`; it also ends the record.
    """
    start = time.perf_counter()

    def timed(context: CompressedContext) -> CompressedContext:
        stats = replace(context.stats, total_seconds=time.perf_counter() - start)
        return replace(context, stats=stats)

    api, span, use_span = sys.modules.get("opentelemetry.trace"), None, None
    if api is not None:
        with _harmless():  # another thread may be importing it
            use_span = partial(api.use_span, record_exception=False, set_status_on_exception=False)
            span = api.get_tracer("semtoken_rag").start_span(NAME)
    if span is None or use_span is None:
        yield timed
        return
    with use_span(span):
        try:
            if span.is_recording():
                with _recorded(Record(span, call), timed) as finish:
                    yield finish
            else:  # no tracer provider, or one that leaves this trace out
                yield timed
        finally:
            with _harmless():
                span.end()


@contextmanager
def _recorded(record: Record, timed: Finish) -> Iterator[Finish]:
    """Begin a record; end it with the result, or with the error."""
    with _harmless():
        record.begin()

    def finish(context: CompressedContext) -> CompressedContext:
        context = timed(context)
        with _harmless():
            record.end(context)
        return context

    try:
        yield finish
    except BaseException as error:
        with _harmless():
            record.fail("exception", type(error).__name__, str(error))
        raise


@contextmanager
def _harmless() -> Iterator[None]:
    """Log what goes wrong with a trace: it is no failure of the call."""
    try:
        yield
    except Exception as error:
        log.warning("the span of a call is incomplete: %s", type(error).__name__)


class Record:
    """What a span says of a call.

    Parameters
    ----------
    span
        The span, which is being recorded.
    call
        The call.
    """

    def __init__(self, span: Span, call: Call) -> None:
        self._span, self._call = span, call
        self._inputs, self._outputs = shows_text(call.setup.config.trace_text)

    def begin(self) -> None:
        """Record the input."""
        chunks, query = self._call.chunks, encodable(self._call.query)
        self._span.set_attributes(
            {
                "openinference.span.kind": "RERANKER",
                "reranker.model_name": encodable(self._call.setup.fingerprinter.encoder.name),
                "reranker.top_k": len(chunks),
                "semtoken.chunks": len(chunks),
            }
        )
        if self._inputs:
            texts = _documents("reranker.input_documents", chunks, [chunk.text for chunk in chunks])
            self._span.set_attributes({"input.value": query, "reranker.query": query, **texts})

    def end(self, context: CompressedContext) -> None:
        """Record a result."""
        kept, stats = context.chunks, context.stats
        known = {name: value for name, value in figures(stats).items() if value is not None}
        self._span.set_attributes(
            {
                "reranker.model_name": encodable(stats.encoder),  # text may have gone to another
                "semtoken.kept": len(kept),
                **{f"semtoken.{name}": value for name, value in known.items()},
            }
        )
        if stats.fallback:
            kind, _, said = stats.fallback.partition(": ")
            self.fail("semtoken.fallback", kind, said)
        if self._outputs:
            texts = _documents(
                "reranker.output_documents", [each.chunk for each in kept], [each.text for each in kept]
            )
            self._span.set_attributes({"output.value": encodable(context.text), **texts})

    def fail(self, event: str, kind: str, said: str) -> None:
        """Record an error by its type; by its message, which may quote a text, only where text is shown.

        Parameters
        ----------
        event
            Name of the event.
        kind
            Type of the error.
        said
            Its message.
        """
        from opentelemetry.trace import Status, StatusCode

        shown = {"exception.message": encodable(said)} if self._inputs and self._outputs else {}
        self._span.add_event(event, {"exception.type": kind, **shown})
        self._span.set_status(Status(StatusCode.ERROR, kind))


def figures(stats: Stats) -> dict[str, Any]:
    """Return what a trace shows of the stats: numbers and names, no text of documents.

    Of a failure it is the beginning alone, since its message may quote a text.
    """
    shown = stats.as_dict()
    for name in ("seconds", "markers", "skipped"):
        del shown[name]
    for name in ("fallback", "store_failure"):
        shown[name] = shown[name] and shown[name].partition(":")[0]
    return shown


def shows_text(asked: bool) -> tuple[bool, bool]:
    """Return whether a trace shows what goes into a call, and what comes out.

    It does if `Config.trace_text` asks for it, and the variables by which OpenInference hides inputs and
    outputs do not say otherwise.
    """
    inputs, outputs = (asked and os.environ.get(name, "").strip().lower() != "true" for name in HIDE)
    return inputs, outputs


def _documents(prefix: str, chunks: Sequence[Chunk], texts: Sequence[str]) -> dict[str, Any]:
    """Return the attributes of documents, of which OpenInference wants one for each field."""
    made: dict[str, Any] = {}
    for i, (chunk, text) in enumerate(zip(chunks, texts, strict=True)):
        made[f"{prefix}.{i}.document.content"] = encodable(text)
        if chunk.id is not None:
            made[f"{prefix}.{i}.document.id"] = encodable(str(chunk.id))
        if isinstance(chunk.score, int | float):
            made[f"{prefix}.{i}.document.score"] = float(chunk.score)
    return made
