"""A call through its steps: measure, encode, segment, decide, fit, report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from semtoken_rag.context import CompressedContext
from semtoken_rag.engine.call import Call
from semtoken_rag.engine.fitting import Encoded, decide, fit, fit_whole
from semtoken_rag.engine.measure import Measured, counts_before_encoding, measure
from semtoken_rag.engine.report import Trace, report
from semtoken_rag.stages.answerable import answerable
from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.segment import build_units
from semtoken_rag.strategy.base import Strategy
from semtoken_rag.strategy.lead import LeadStrategy
from semtoken_rag.types import Encoding, Tokens


def run(call: Call) -> CompressedContext:
    """Compress; an input that fits passes unchanged."""
    trace, measured, whole = Trace(), None, None
    if counts_before_encoding(call):
        measured = _count(call, trace)
        whole = fit_whole(call, measured) if measured.fits else None
        if whole is not None and not call.asks_for_an_answer:
            return report(call, measured, whole, trace)
    encoded, counts = _encode(call, trace)
    if measured is None:
        measured = measure(call, counts)
    if whole is not None:
        return report(call, measured, whole, trace)
    return _finish(call, measured, encoded, call.setup.strategy, trace)


def run_each(calls: Sequence[Call]) -> list[CompressedContext]:
    """Run calls that differ in nothing but the budget and the strategy; they are encoded once.

    Parameters
    ----------
    calls
        At least one.

    Returns
    -------
    list of CompressedContext
        Of each call what `run` returns, but for its seconds: the encoding counts for each.
    """
    first, trace = calls[0], Trace()
    encoded, counts = _encode(first, trace)
    if not first.counts_encoded:
        counts = first.count_all([chunk.text for chunk in first.chunks])
    made = []
    for call in calls:
        measured, own = measure(call, counts), replace(trace, seconds=dict(trace.seconds))
        whole = fit_whole(call, measured) if measured.fits else None
        made.append(
            _finish(call, measured, encoded, call.setup.strategy, own)
            if whole is None
            else report(call, measured, whole, own)
        )
    return made


def truncate(call: Call, reason: str) -> CompressedContext:
    """Cut the chunks to the budget in their order, without encoder, store and strategy."""
    call, trace = call.fall_back(reason), Trace()
    measured = _count(call, trace)
    nothing, none = np.zeros((0, 1), np.float32), np.zeros(0, np.int64)
    empty = Encoding(none, none.reshape(0, 2), nothing, none, nothing)
    tokens = Tokens.concatenate([empty for _ in call.chunks])
    encoded = Encoded(tokens, build_units(call.chunks, tokens))
    return _finish(call, measured, encoded, LeadStrategy(), trace)


def _encode(call: Call, trace: Trace) -> tuple[Encoded, list[int]]:
    """Return what the strategy selects from, and the encoder's tokens of each chunk."""
    with trace.stage("encode"):
        read = call.setup.fingerprinter.read(call.chunks, call.query)
        tokens = Tokens.concatenate([chunk.encoding for chunk in read.chunks])
    trace.stored, trace.store_failure = read.n_stored, read.store_failure
    with trace.stage("segment"):
        units = build_units(call.chunks, tokens, [chunk.segments for chunk in read.chunks])
    with trace.stage("select"):
        asked = Asked.of(read.query, call.chunks, tokens, units) if read.query else None
        if call.setup.calibration and asked:
            trace.answerable = answerable(asked, call.setup.calibration.answerable)
    return Encoded(tokens, units, asked), [len(chunk.encoding.ids) for chunk in read.chunks]


def _count(call: Call, trace: Trace) -> Measured:
    with trace.stage("count"):
        return measure(call, call.count_all([chunk.text for chunk in call.chunks]))


def _finish(
    call: Call, measured: Measured, encoded: Encoded, strategy: Strategy, trace: Trace
) -> CompressedContext:
    with trace.stage("select"):
        decided = decide(call, measured, encoded, strategy)
    with trace.stage("render"):
        fitted = fit(call, measured, decided)
    return report(call, measured, fitted, trace)
