"""Many threads and processes on one store: ``python -m evaluation.reliability.shared_store --data FOLDER``.

Each of ``--processes`` runs ``--threads`` threads that ask questions in an order of their own through one
engine on one SQLite file, which holds a part of the fingerprints alone, so that they come and leave all the
time. Prints the calls, how many read all, some or none of their chunks from the file, the errors, the results
unlike those of an engine without that file, and the largest size of the file and its log. Ends with 1 where a
call failed, a result was wrong, or the values outgrew their bound.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from evaluation.data import options
from evaluation.data.sets import chunks, rows, values
from semtoken_rag import Chunk, SemToken
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.store.sqlite import SQLiteStore

Asked = tuple[list[Chunk], str]
RATIO = 0.2
LOG_BYTES = 32 * 2**20  # what SQLite's log may take beside the values


def questions(folder: Path, name: str, n: int) -> list[Asked]:
    """Read questions with their chunks."""
    return [(chunks(row), row["question"]) for row in rows(folder, name)[:n]]


def asking(
    engine: SemToken,
    asked: Sequence[Asked],
    expected: Sequence[str],
    end: float,
    seed: str,
    seen: Counter[str],
) -> None:
    """Ask until the end, and count what happens."""
    dice = random.Random(seed)
    while time.time() < end:
        i = dice.randrange(len(asked))
        context, query = asked[i]
        try:
            found = engine.compress(context, query, ratio=RATIO)
        except Exception as error:  # whatever it is, it is counted
            seen[f"error {type(error).__name__}: {error}"[:120]] += 1
            continue
        warm = {len(context): "all read", 0: "none read"}.get(found.stats.stored, "some read")
        seen.update(("calls", warm))
        seen["unlike"] += found.text != expected[i]
        seen[f"error of the store: {found.stats.store_failure}"] += found.stats.store_failure is not None


def process(number: int, args: argparse.Namespace, path: Path, bound: int, end: float) -> Counter[str]:
    """One process: what its threads saw together."""
    asked = questions(args.data, args.set, args.n)
    single = SemToken(encoder=args.encoder, store=MemoryStore(), on_error="raise")
    expected = [single.compress(context, query, ratio=RATIO).text for context, query in asked]
    engine = SemToken(encoder=args.encoder, store=SQLiteStore(path, bound), on_error="raise")
    seen: list[Counter[str]] = [Counter() for _ in range(args.threads)]
    threads = [
        threading.Thread(target=asking, args=(engine, asked, expected, end, f"{number}/{i}", own))
        for i, own in enumerate(seen)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(seen, Counter())


def filled(args: argparse.Namespace, path: Path) -> int:
    """Bytes of the values of all questions."""
    store = SQLiteStore(path)
    engine = SemToken(encoder=args.encoder, store=store, on_error="raise")
    for context, _ in questions(args.data, args.set, args.n):
        engine.annotate(context)
    return values(store)


def main() -> None:
    """Run and print."""
    parser = options.data_parser(__doc__, set="hotpotqa_dev200", n=60, encoder="static")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--share", type=float, default=0.5, help="of the values that there is room for")
    args = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        whole = filled(args, Path(folder) / "whole.db")
        bound, shared = int(args.share * whole), Path(folder) / "shared" / "store.db"
        with ProcessPoolExecutor(args.processes, spawn) as pool:
            work = partial(process, args=args, path=shared, bound=bound, end=time.time() + args.seconds)
            told = [pool.submit(work, number) for number in range(args.processes)]
            largest = 0
            while not all(each.done() for each in told):
                largest = max(largest, sum(part.stat().st_size for part in shared.parent.glob("*")))
                time.sleep(0.2)
            seen = sum((each.result() for each in told), Counter())
        held = values(SQLiteStore(shared, bound))
    for name, count in sorted(seen.items()):
        print(f"{name:12s} {count}")
    print(f"bytes of all values {whole}, bound {bound}, at the end {held}, largest with the log {largest}")
    failed = [name for name in seen if name.startswith("error") or name == "unlike"]
    sys.exit(1 if failed or held > bound or largest > bound + LOG_BYTES else 0)


if __name__ == "__main__":
    main()
