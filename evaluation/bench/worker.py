"""One worker: a method on all its cells, in a process of its own so that memory and first calls are its own.

Started by `evaluation.bench.run`, with the job as JSON on standard input.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from evaluation import metrics
from evaluation.bench.config import Cell
from evaluation.bench.methods import Method, get
from evaluation.data import transforms
from evaluation.data.sets import rows
from evaluation.judge.inputs import Count, Factory, counter, documents
from evaluation.judge.rules import inform
from evaluation.results import write
from evaluation.system import machine, peak, reset_peak, versions

COLUMNS = ("answer", "chain", "kept")  # kept question by question, for the bootstrap


def questions(folder: Path, cell: Cell) -> list[dict[str, Any]]:
    """Return the rows of a cell that the judge counts, transformed.

    Raises
    ------
    ValueError
        Where none is left.
    """
    change = transforms.resolve(cell.transform)
    made = [change(row) for row in rows(folder, cell.set)[: cell.n] if metrics.answerable(row)]
    if not (left := [row for row in made if row is not None]):
        raise ValueError(f"no question of {cell.set} has its answer in the text and fits {cell.transform}")
    return left


def ask(
    asked: Sequence[dict[str, Any]], make: Factory, ratio: float, count: Count
) -> Iterator[tuple[dict[str, float | None], float]]:
    """Yield the figures and the milliseconds of each question, in the first one's the call of ``make``."""
    compressor = None
    for row in asked:
        given = documents(row)
        start = time.perf_counter()
        if compressor is None:
            compressor = make(ratio, count)
        out = compressor.compress_documents(given, row["question"])
        ms = 1000 * (time.perf_counter() - start)
        kept = [d.page_content for d in out]
        before = sum(count(d.page_content) for d in given)
        after = sum(map(count, kept))
        yield {**metrics.score(row, kept, after), "kept": after / before, "over": after - ratio * before}, ms


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of what is not None, to four places."""
    known = [v for v in values if v is not None]
    return round(sum(known) / len(known), 4) if known else None


def measure(cell: Cell, method: Method, folder: Path, tick: Callable[[], Any]) -> dict[str, Any]:
    """Return the figures of one cell; ``tick`` is called after every question."""
    count = counter()
    asked = questions(folder, cell)
    inform(asked)
    table, times = [], []
    reset_peak()
    for seed in range(method.seeds):
        start = time.perf_counter()
        make = method.load(seed)
        loaded = 1000 * (time.perf_counter() - start)
        column = []
        for figures, ms in ask(asked, make, cell.ratio, count):
            column.append(figures)
            times.append(ms)
            tick()
        if seed == 0:
            first = loaded + times[0]
        table.append(column)
    names = list(table[0][0])
    each = {name: [mean([column[i][name] for column in table]) for i in range(len(asked))] for name in names}
    over = each.pop("over")
    return {
        "questions": len(asked),
        "means": {name: mean(values) for name, values in each.items()},
        "overshoot": round(max(max(q["over"] for q in column) for column in table), 1),
        "over_budget": mean([float(v > 1e-6) for v in over]),
        "values": {name: each[name] for name in COLUMNS},
        "cold_ms": round(first, 1),
        # The first question pays for what is loaded lazily.
        "warm_ms": round(statistics.median(times[1:] or times), 1),
        "peak_mb": peak(),
    }


def record(cell: Cell, method: Method) -> dict[str, Any]:
    """Return what every result says, whether it ran or not."""
    said = {name: getattr(cell, name) for name in ("method", "set", "ratio", "transform", "n")}
    said |= {name: getattr(method, name) for name in ("about", "kind", "query_aware", "titles", "seeds")}
    return {**said, "versions": versions(method.packages), "machine": machine()}


def reason(error: Exception) -> str:
    """Return what went wrong; for an error that says nothing, the function and the line it comes from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error) or f'{last.name}: {last.line}'}"[:500]


def main() -> None:
    """Measure the cells of the job and write each at once; a failure is a result with its reason."""
    job = json.load(sys.stdin)
    cells = [Cell(**cell) for cell in job["cells"]]
    method = get(job["method"])
    with tqdm(total=len(cells) * job["n"] * method.seeds, desc=method.name, unit="q", disable=None) as bar:
        for before, cell in zip([None, *cells], cells, strict=False):
            bar.set_postfix_str(f"{cell.set} {cell.ratio:g} {cell.transform}")
            result = record(cell, method)
            try:
                result |= {"status": "ok", **measure(cell, method, Path(job["data"]), bar.update)}
                if before:
                    result["cold_ms"] = None  # only the first cell of a process starts cold
                if method.memo and before and before.set == cell.set:
                    result["warm_ms"] = None
            except Exception as error:
                if not isinstance(error, ImportError):
                    traceback.print_exc()
                result |= {"status": "failed", "reason": reason(error)}
            write(Path(job["out"]), method.name, [result])


if __name__ == "__main__":
    main()
