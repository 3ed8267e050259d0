"""Warm calls: ``python -m evaluation.timing.store --data FOLDER``.

The chunks of each question are in a store, the question is new. Prints the median milliseconds of a call at a
fifth of the tokens, the encoding of the question included and also by itself: from memory; and from a SQLite
file in a process that did not write it, where every call reads chunks that this process has not seen. Then
what is kept of the answers and of whole chains of gold sentences, with the store and without one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from evaluation import metrics
from evaluation.data import options
from evaluation.data.sets import chunks, rows
from semtoken_rag import SemToken
from semtoken_rag.encoders.base import encode_call
from semtoken_rag.ingest import ingest

SETS = ("hotpotqa_dev200", "nq_open_dev_20docs")
BUDGETS = (0.05, 0.1, 0.2, 0.4)
RATIO = 0.2

Row = dict[str, Any]


def milliseconds(engine: SemToken, asked: Sequence[Row]) -> tuple[float, float]:
    """Median of the calls, and of the encoding of a question by itself; the first question is a warm-up."""
    calls, questions = [], []
    for row in asked:
        context, query = chunks(row), row["question"]
        start = time.perf_counter()
        encode_call(engine.encoder, [], [], query)
        between = time.perf_counter()
        result = engine.compress(context, query, ratio=RATIO)
        calls.append(1000 * (time.perf_counter() - between))
        questions.append(1000 * (between - start))
        if result.stats.stored != len(context):
            raise RuntimeError(f"{result.stats.stored} of {len(context)} chunks were in the store: {query}")
    return statistics.median(calls[1:] or calls), statistics.median(questions[1:] or questions)


def fresh(args: argparse.Namespace, name: str, store: str) -> tuple[float, float]:
    """Take the same times in a new process."""
    command = [sys.executable, "-m", "evaluation.timing.store", "--data", str(args.data), "--sets", name]
    command += ["--n", str(args.n), "--encoder", args.encoder, "--read", store]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    call, question = json.loads(told)
    return call, question


def retention(engine: SemToken, asked: Sequence[Row], ratio: float) -> tuple[float, float | None]:
    """Share of the questions whose answer is kept, and of those whose gold sentences all are."""
    kept = [
        [chunk.text for chunk in engine.compress(chunks(row), row["question"], ratio=ratio).chunks]
        for row in asked
    ]
    answers = [metrics.answer(row, texts) for row, texts in zip(asked, kept, strict=True)]
    known = [
        v for row, texts in zip(asked, kept, strict=True) if (v := metrics.chain(row, texts)) is not None
    ]
    return statistics.mean(answers), statistics.mean(known) if known else None


def measure(args: argparse.Namespace, name: str) -> None:
    """Print the times and the retention of one set."""
    asked = [row for row in rows(args.data, name) if metrics.answerable(row)][: args.n]
    each = [chunks(row) for row in asked]
    print(f"{name}: {len(asked)} questions of {statistics.median(map(len, each)):.0f} chunks")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        warm = SemToken(encoder=args.encoder, store=url, on_error="raise")
        done = ingest(warm, [chunk for context in each for chunk in context])
        tokens = sum(warm.encoder.count(chunk.text) for context in each for chunk in context)
        print(
            f"  {tokens / len(asked):.0f} tokens a question; {done.new} chunks stored in {done.seconds:.1f} s"
        )
        for place, (call, question) in (
            ("memory", milliseconds(warm, asked)),
            ("SQLite, fresh process", fresh(args, name, url)),
        ):
            print(f"  {place:22s} {call:5.1f} ms a call; encoding the question takes {question:.1f} ms")
        cold = SemToken(encoder=args.encoder, on_error="raise")
        print("  answer / chain kept     with the store   without")
        for ratio in BUDGETS:
            told = (retention(engine, asked, ratio) for engine in (warm, cold))
            print(f"  {ratio:22g}  " + "".join(f"{said(*pair):17s}" for pair in told))


def said(answer: float, chain: float | None) -> str:
    """Write a pair of shares."""
    return f"{answer:.3f} / " + ("-" if chain is None else f"{chain:.3f}")


def main() -> None:
    """Measure and print."""
    parser = options.data_parser(__doc__, sets=SETS, n=100, encoder="auto")
    parser.add_argument("--read", metavar="URL", help="print the times from this store alone, as JSON")
    args = parser.parse_args()
    for name in args.sets:
        if args.read:
            asked = [row for row in rows(args.data, name) if metrics.answerable(row)][: args.n]
            engine = SemToken(encoder=args.encoder, store=args.read, on_error="raise")
            print(json.dumps(milliseconds(engine, asked)))
        else:
            measure(args, name)


if __name__ == "__main__":
    main()
