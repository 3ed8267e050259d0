"""Third step of a call: the result with its figures and a report of every unit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from semtoken_rag.context import CompressedContext
from semtoken_rag.deadline import check
from semtoken_rag.engine.call import Call
from semtoken_rag.engine.fitting import Decided, Fitted
from semtoken_rag.engine.measure import Measured
from semtoken_rag.result import Stats, UnitReport
from semtoken_rag.stages.render import join
from semtoken_rag.text.markers import count_markers
from semtoken_rag.types import Granularity


@dataclass(slots=True)
class Trace:
    """What happened on the way: seconds by stage, chunks read from the store, the store's failure."""

    seconds: dict[str, float] = field(default_factory=dict)
    stored: int = 0
    store_failure: str | None = None

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
    stats = Stats(
        tokens_before=measured.total,
        tokens_after=fitted.tokens,
        budget=measured.budget,
        encoder=call.setup.fingerprinter.encoder.name,
        counter=call.setup.counter.name,
        seconds=trace.seconds,
        fallback=call.fallback,
        stored=trace.stored,
        markers=count_markers(join(c.chunk.text, c.pieces, call.setup.config.gap) for c in fitted.chunks),
        store_failure=trace.store_failure,
    )
    units = () if fitted.decided is None else unit_reports(fitted.decided)
    return CompressedContext(fitted.text, fitted.chunks, units, stats, tuple(call.chunks), call.query)


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
