"""Third step of a call: the result with its figures and a report of every unit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from semtoken_rag.context import CompressedContext
from semtoken_rag.deadline import check
from semtoken_rag.engine.call import Call
from semtoken_rag.engine.fitting import Decided, Fitted
from semtoken_rag.engine.keeping import Outlook, left_out, outlook
from semtoken_rag.engine.measure import Measured
from semtoken_rag.result import CHANCE, Stats, UnitReport, names_of
from semtoken_rag.stages.render import join
from semtoken_rag.text.markers import count_markers
from semtoken_rag.types import Granularity


@dataclass(slots=True)
class Trace:
    """What happened on the way: seconds by stage, chunks read from the store, the store's failure.

    ``answerable`` is the chance that the chunks answer the question; None if it was not asked.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    stored: int = 0
    store_failure: str | None = None
    answerable: float | None = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, unless the call's time is up."""
        check()
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def report(call: Call, measured: Measured, fitted: Fitted, trace: Trace) -> CompressedContext:
    """Return the result of a call.

    Parameters
    ----------
    call
        The call.
    measured
        Token counts and the budget of the call.
    fitted
        The rendered selection.
    trace
        Seconds of each stage, and what the store did.

    Returns
    -------
    CompressedContext
        The text, its chunks, the reports on the units and the statistics.
    """
    seen, encoder = _outlook(call, fitted), call.setup.fingerprinter.encoder
    device = getattr(encoder, "device", None)
    stats = Stats(
        tokens_before=measured.total,
        tokens_after=fitted.tokens,
        budget=measured.budget,
        keep=measured.keep if seen else None,
        encoder=encoder.name,
        counter=call.setup.counter.name,
        seconds=trace.seconds,
        fallback=call.fallback,
        stored=trace.stored,
        markers=count_markers(join(c.chunk.text, c.pieces, call.setup.config.gap) for c in fitted.chunks),
        store_failure=trace.store_failure,
        confidence=seen.confidence if seen else None,
        cut_by=_cut_by(call, measured, fitted),
        answerable=trace.answerable,
        abstained=_abstains(call, trace.answerable),
        device=None if device is None else str(device),
    )
    units = () if fitted.decided is None else unit_reports(fitted.decided)
    curve, names = seen.curve if seen else (), names_of(call.chunks)
    chunks = tuple(replace(chunk, name=names[chunk.index]) for chunk in fitted.chunks)
    return CompressedContext(fitted.text, chunks, units, stats, tuple(call.chunks), call.query, curve)


def _outlook(call: Call, fitted: Fitted) -> Outlook | None:
    """Return the chances of a result; None without a question or a calibration."""
    calibration, decided = call.setup.calibration, fitted.decided
    if not call.query or calibration is None:
        return None
    if decided is None:
        return Outlook(1.0, ((fitted.tokens, 1.0),))
    if CHANCE not in decided.selection.scores:
        return None
    seen = outlook(decided.selection, decided.cost, calibration)
    return seen if seen.curve else replace(seen, curve=((fitted.tokens, seen.confidence),))


def _abstains(call: Call, answerable: float | None) -> bool:
    """Return whether the chunks answer too seldom; a result of another setup than the call's does not say."""
    least = call.setup.config.min_relevance
    return least is not None and answerable is not None and answerable < least and call.fallback is None


def _cut_by(call: Call, measured: Measured, fitted: Fitted) -> str | None:
    """Return what ended a selection; None if it left out nothing but what is said elsewhere."""
    decided, calibration, bound = fitted.decided, call.setup.calibration, call.bound
    if decided is None or (decided.selection.granularity == Granularity.FINE).all():
        return None
    if calibration is not None and CHANCE in decided.selection.scores:
        missing = left_out(decided.selection)
        if not missing:
            return None
        if measured.keep is not None and calibration.is_kept(missing, measured.keep):
            return "keep"
    if bound.ratio is None or (bound.max_tokens is not None and bound.max_tokens <= measured.budget):
        return "max_tokens"
    return "ratio"


def unit_reports(decided: Decided) -> tuple[UnitReport, ...]:
    """Report every unit of a call."""
    units, selection = decided.units, decided.selection
    columns = {name: values.tolist() for name, values in selection.scores.items()}
    discount = (selection.cost_exponent * np.log(np.maximum(decided.cost, 1))).astype(np.float32)
    rows = zip(
        units.chunk.tolist(),
        units.chars.tolist(),
        units.kinds,
        selection.granularity.tolist(),
        decided.cost.tolist(),
        (selection.scores["score"] - discount).tolist(),
        units.parent.tolist(),
        [-1] * len(units) if units.twin is None else units.twin.tolist(),
        strict=True,
    )
    return tuple(
        UnitReport(
            chunk,
            start,
            end,
            kind,
            Granularity(grain),
            {name: values[i] for name, values in columns.items()},
            selection.reasons.get(i, ""),
            cost,
            value,
            parent,
            selection.bridged_from.get(i, -1),
            twin,
        )
        for i, (chunk, (start, end), kind, grain, cost, value, parent, twin) in enumerate(rows)
    )
