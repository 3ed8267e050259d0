"""Load: ``python -m evaluation.reliability.concurrency --data FOLDER``.

Callers in one event loop, each with one question after the other, go through one `SemTokenCompressor`. Prints
calls a second, the 50th and the 99th percentile of their seconds, resident memory over the time, how many
results were flagged, and whether each one equals that of a single thread: a flagged one that of the spare
way. Ends with 1 where one does not. A store is filled before.

``--sharing`` measures instead what it would save to encode the texts of several callers together, and
``--spares`` what a call costs that falls back, and what it keeps.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document

from evaluation import metrics, system
from evaluation.data import options
from evaluation.data.sets import chunks, rows
from langchain_semtoken import SemTokenCompressor
from semtoken_rag import SemToken
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.store.registry import resolve_store

Asked = dict[str, Any]  # documents and query

SPARES: dict[str, dict[str, Any]] = {
    "static": {"encoder": "static"},
    "cut": {"encoder": "static", "strategy": "lead"},
}
WARM_UP = 0.2  # share of the time after which memory is compared
PAGE = os.sysconf("SC_PAGE_SIZE")


class Flag(BaseCallbackHandler):
    """Remembers why a call fell back, if it did."""

    reason: str | None = None

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        """Read the event of the compressor."""
        self.reason = data["fallback"]


@dataclass
class Seen:
    """What happened so far."""

    seconds: dict[str, list[float]] = field(default_factory=dict)  # by kind of result
    wrong: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)  # MB, once a second


def resident() -> float:
    """MB of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def questions(folder: Path, name: str, n: int) -> list[Asked]:
    """Read questions with their documents."""
    return [
        {
            "query": row["question"],
            "documents": [
                Document(page_content=c.text, id=c.id, metadata={"title": c.title}) for c in chunks(row)
            ],
        }
        for row in rows(folder, name)[:n]
    ]


async def call_on(
    number: int,
    compressor: SemTokenCompressor,
    asked: Sequence[Asked],
    expected: dict[bool, list[list[Document]]],
    seen: Seen,
    end: float,
) -> None:
    """Ask one question after the other until the end."""
    chain, i = compressor.as_runnable(), 7 * number
    while (start := time.perf_counter()) < end:
        i, flag = (i + 1) % len(asked), Flag()
        got = await chain.ainvoke(asked[i], config={"callbacks": [flag]})
        kind = "full" if flag.reason is None else "flagged"
        seen.seconds.setdefault(kind, []).append(time.perf_counter() - start)
        seen.wrong += got != expected[flag.reason is not None][i]
        if flag.reason is not None:
            seen.reasons[flag.reason] += 1


async def watch(seen: Seen, end: float) -> None:
    """Take the memory once a second."""
    while time.perf_counter() < end:
        seen.memory.append(resident())
        await asyncio.sleep(1)


def load(args: argparse.Namespace) -> bool:
    """Run the callers, print what happened, and return whether all results were right."""
    asked = questions(args.data, args.set, args.n)
    given = {"ratio": args.ratio, "encoder": args.encoder, "store": args.store and resolve_store(args.store)}
    single = SemTokenCompressor(**given)
    spare = SemTokenCompressor(ratio=args.ratio, **SPARES["cut" if args.encoder == "static" else "static"])
    if args.store:
        for one in asked:
            single.compress_documents(**one)
    expected = {
        flagged: [compressor.as_runnable().invoke(one) for one in asked]
        for flagged, compressor in ((False, single), (True, spare))
    }
    compressor = SemTokenCompressor(**given, max_calls=args.max_calls, deadline=args.deadline)
    compressor.compress_documents(**asked[0])  # its engine is made
    seen = Seen()
    end = time.perf_counter() + args.seconds
    asyncio.run(run(args.callers, compressor, asked, expected, seen, end))
    report(args, seen)
    return seen.wrong == 0


async def run(callers: int, *given: Any) -> None:
    """Run the callers and the watch side by side."""
    compressor, asked, expected, seen, end = given
    each = (call_on(i, compressor, asked, expected, seen, end) for i in range(callers))
    await asyncio.gather(watch(seen, end), *each)


def report(args: argparse.Namespace, seen: Seen) -> None:
    """Print what happened."""
    calls = sum(map(len, seen.seconds.values()))
    cpu = system.machine()
    print(f"{args.callers} callers, {args.seconds:.0f} s, {args.encoder}, store {args.store}, {args.set}")
    print(f"{cpu['cores']} cores, {cpu['cpu']}, load of the machine at the end {os.getloadavg()[0]:.1f}")
    print(f"{calls} calls, {calls / args.seconds:.1f} a second, {seen.wrong} unlike the single thread's")
    for kind, taken in sorted(seen.seconds.items()):
        p50, p99 = np.percentile(taken, [50, 99])
        print(f"  {kind:8s} {len(taken):6d}  p50 {p50:.3f} s  p99 {p99:.3f} s")
    for reason, count in seen.reasons.most_common():
        print(f"  {count} x {reason}")
    warm = seen.memory[int(WARM_UP * len(seen.memory)) :]
    growth = 100 * (statistics.median(warm[-5:]) / statistics.median(warm[:5]) - 1)
    print(
        f"memory {warm[0]:.0f} MB after {WARM_UP:.0%} of the time, {warm[-1]:.0f} MB at last: {growth:+.1f} %"
    )


def sharing(args: argparse.Namespace) -> None:
    """Print the seconds of encoding several callers' texts one after the other, and all at once."""
    encoder = resolve_encoder(args.encoder)
    chunks_too = [
        [(d.page_content, d.metadata["title"]) for d in one["documents"]] + [(one["query"], "")]
        for one in questions(args.data, args.set, args.n)
    ]
    print(f"{args.set}, {args.encoder}; clock: {system.clock()}; milliseconds a call, median")
    for what, calls in (
        ("chunks and question", chunks_too),
        ("question alone", [c[-1:] for c in chunks_too]),
    ):
        for together in (2, 4, 8):
            groups = [calls[i : i + together] for i in range(0, len(calls) - together + 1, together)]
            taken = [pair(encoder, some) for some in groups * args.repeat]
            apart, shared = (1000 * statistics.median(t) / together for t in zip(*taken, strict=True))
            saved = statistics.median(1 - s / a for a, s in taken)
            print(
                f"  {what}, {together} callers: apart {apart:.1f}, together {shared:.1f}, saved {saved:.0%}"
            )


def pair(encoder: Encoder, calls: Sequence[Sequence[tuple[str, str]]]) -> tuple[float, float]:
    """Seconds of several calls' texts and titles, one call after the other and all at once."""
    apart = [list(zip(*call, strict=True)) for call in calls]
    texts, titles = zip(*(both for call in calls for both in call), strict=True)
    return (
        timed(lambda: [encoder.encode(*both) for both in apart]),
        timed(lambda: encoder.encode(texts, titles)),
    )


def spares(args: argparse.Namespace) -> None:
    """Print what a full call and each spare way take, and the share of answers that they keep."""
    asked = [row for row in rows(args.data, args.set) if metrics.answerable(row)][: args.n]
    print(f"{args.set}, {len(asked)} questions, ratio {args.ratio}; clock: {system.clock()}")
    for name, given in {"full": {"encoder": args.encoder}, **SPARES}.items():
        engine = SemToken(**given, on_error="raise")
        engine.compress(chunks(asked[0]), asked[0]["question"], ratio=args.ratio)
        taken, kept = [], []
        for row in asked:
            made, start = chunks(row), system.seconds()
            got = engine.compress(made, row["question"], ratio=args.ratio)
            taken.append(system.seconds() - start)
            kept.append(metrics.answer(row, [chunk.text for chunk in got.chunks]))
        print(
            f"  {name:7s} {1000 * statistics.median(taken):6.1f} ms  answers kept {statistics.mean(kept):.2f}"
        )


def timed(work: Callable[[], Any]) -> float:
    """Seconds of a piece of work."""
    start = system.seconds()
    work()
    return system.seconds() - start


def main() -> None:
    """Measure and print."""
    parser = options.data_parser(__doc__, set="hotpotqa_dev200", n=48, encoder="auto")
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--ratio", type=float, default=0.2)
    parser.add_argument("--store", help="as memory://; None where it is not given")
    parser.add_argument("--max-calls", type=int)
    parser.add_argument("--deadline", type=float)
    parser.add_argument("--sharing", action="store_true")
    parser.add_argument("--spares", action="store_true")
    parser.add_argument("--repeat", type=int, default=1, help="of --sharing")
    args = parser.parse_args()
    if args.sharing:
        sharing(args)
    elif args.spares:
        spares(args)
    elif not load(args):
        sys.exit("a result under load is not that of a single thread")


if __name__ == "__main__":
    main()
