"""What systems keep of answers and of chains of gold sentences: no reader, one encoding for all systems."""

from __future__ import annotations

from evaluation import metrics
from evaluation.data.sets import chunks
from evaluation.judge.inputs import counter
from evaluation.paper.jobs import Cell, Job
from evaluation.paper.measure_reader import Values, columns
from evaluation.paper.resources import Resources
from evaluation.system import seconds
from semtoken_rag.encoders.base import encode_call


def measure(job: Job, cell: Cell, resources: Resources) -> Values:
    """Answer, chain and whole words of each question, counted as `evaluation.judge` does, and milliseconds.

    The milliseconds are of a call whose texts have been encoded before.
    """
    count = counter()
    engine = resources.compressor(cell.arm, count, remember=cell.set)
    found = []
    for row in (r for r in resources.rows(cell.set)[: cell.n] if metrics.answerable(r)):
        given = chunks(row)
        seen, query = engine.given(given, row["question"])
        encode_call(engine.engine.encoder, [c.text for c in seen], [c.title for c in seen], query or "")
        start = seconds()
        made = engine.compress(given, row["question"], ratio=cell.ratio)
        ms = 1000 * (seconds() - start)
        kept = [c.text for c in made.chunks]
        found.append(
            {
                "answer": metrics.answer(row, kept),
                "chain": metrics.chain(row, kept),
                "whole": metrics.integrity(row, kept),
                "kept": sum(map(count, kept)) / sum(count(c.text) for c in given),
                "ms": ms,
            }
        )
    return columns(found)
