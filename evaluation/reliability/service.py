"""Load of ``semtoken serve``: ``python -m evaluation.reliability.service --seconds 120``.

Callers of several kinds at one time, each with one request after the other: ordinary ones, bodies at the
limit and above it, JSON as deep as fits, clients that send a byte at a time, that leave before they have an
answer, and that never read it. Prints how many requests ended with which status, how long they took, and the
resident memory of the service over the time. Ends with 1 if a request that waited for it got neither an
answer nor a status.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from evaluation import system
from evaluation.reliability.concurrency import PAGE

KB = 1024
PATIENCE = 120.0  # seconds for any answer
SENTENCES = (
    "The tower on the hill opened in {0}. It rained that day, and {0} people came. "
    "The stairs have {0} steps. Bread was sold at the gate for {0} coins. "
)


@dataclass
class Seen:
    """What happened so far."""

    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: list[float] = field(default_factory=list)  # MB, once a second


def question(size: int, number: int) -> bytes:
    """Return a request of about ``size`` bytes, unlike that of another number."""
    text = "".join(SENTENCES.format(1000 * number + i) for i in range(size // 100))[: int(0.97 * size)]
    chunks = [{"text": text[at : at + 1200]} for at in range(0, len(text), 1200)]
    return json.dumps({"query": f"When did tower {number} open?", "chunks": chunks, "ratio": 0.2}).encode()


def deep(size: int, _: int) -> bytes:
    """Return JSON that is as deep as its size."""
    return b'{"chunks": ' + size * b"["


KINDS: dict[str, tuple[float, Callable[[int, int], bytes]]] = {  # share of the callers, body
    "ordinary": (0.5, lambda limit, i: question(8 * KB, i)),
    "at the limit": (0.1, lambda limit, i: question(limit, i)),
    "above it": (0.05, lambda limit, i: question(2 * limit, i)),
    "deep": (0.1, lambda limit, i: deep(limit - KB, i)),
    "a byte at a time": (0.1, lambda limit, i: question(8 * KB, i)),
    "leaves": (0.1, lambda limit, i: question(100 * KB, i)),
    "never reads": (0.05, lambda limit, i: question(100 * KB, i)),
}


async def post(url: httpx.URL, body: bytes, kind: str) -> str:
    """Send a request by hand, and return the status, or how else it ended."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        head = f"POST /v1/compress HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Content-Type: application/json\r\nConnection: close\r\n\r\n")
        if kind == "a byte at a time":
            for at in range(len(body)):
                writer.write(body[at : at + 1])
                await writer.drain()
                await asyncio.sleep(0.5)
                if reader.at_eof() or reader._buffer:  # type: ignore[attr-defined]
                    break
        else:
            with contextlib.suppress(ConnectionError):  # refused by its length: the answer is here already
                writer.write(body)
                await writer.drain()
        if kind == "leaves":
            await asyncio.sleep(0.5)
            return "left"
        if kind == "never reads":
            await asyncio.sleep(60)
            return "left"
        line = await reader.readline()
        await reader.read()
        return line.split()[1].decode() if line else "closed"
    finally:
        writer.close()


async def call_on(number: int, kind: str, url: httpx.URL, limit: int, seen: Seen, end: float) -> None:
    """Send one request after the other until the end."""
    body = KINDS[kind][1](limit, number)
    while (start := time.perf_counter()) < end:
        try:
            status = await asyncio.wait_for(post(url, body, kind), PATIENCE)
        except (OSError, asyncio.TimeoutError) as error:
            status = type(error).__name__
        seen.statuses[kind][status] += 1
        seen.seconds[kind].append(time.perf_counter() - start)
        if status != "200":
            await asyncio.sleep(1)  # as Retry-After says


async def watch(process: int, seen: Seen, end: float) -> None:
    """Take the memory of the service once a second."""
    while time.perf_counter() < end:
        seen.memory.append(int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE / 2**20)
        await asyncio.sleep(1)


async def run(args: argparse.Namespace, url: httpx.URL, process: int, seen: Seen) -> None:
    """Run the callers and the watch side by side."""
    end = time.perf_counter() + args.seconds
    kinds = [kind for kind, (share, _) in KINDS.items() for _ in range(round(share * args.callers))]
    calls = (call_on(i, kind, url, args.max_body * KB, seen, end) for i, kind in enumerate(kinds))
    await asyncio.gather(watch(process, seen, end), *calls)


def report(args: argparse.Namespace, seen: Seen, before: float) -> bool:
    """Print what happened; return whether each request that waited got an answer or a status."""
    cpu = system.machine()
    print(
        f"{args.callers} callers, {args.seconds:.0f} s, {args.encoder}, bodies of at most {args.max_body} kB"
    )
    print(f"{cpu['cores']} cores, {cpu['cpu']}, load of the machine at the end {os.getloadavg()[0]:.1f}")
    silent = 0
    for kind, found in seen.statuses.items():
        told = "  ".join(f"{status}: {count}" for status, count in sorted(found.items()))
        p50, p99 = np.percentile(seen.seconds[kind], [50, 99])
        print(f"  {kind:17s} p50 {p50:6.2f} s  p99 {p99:6.2f} s  {told}")
        silent += sum(count for status, count in found.items() if not re.fullmatch(r"\d+|left", status))
    print(f"without an answer or a status: {silent} of {sum(map(Counter.total, seen.statuses.values()))}")
    memory = seen.memory
    print(
        f"memory {before:.0f} MB at first, at most {max(memory):.0f} MB, {memory[-1]:.0f} MB at last; "
        f"at most in each fifth {', '.join(f'{max(part):.0f}' for part in np.array_split(memory, 5))}"
    )
    return silent == 0


def main() -> None:
    """Start the service, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--max-body", type=int, default=1024, help="kB")
    parser.add_argument("--deadline", type=float, default=30)
    args = parser.parse_args()
    command = [sys.executable, "-m", "semtoken_rag.cli", "serve", "--port", "0", "--encoder", args.encoder]
    command += ["--max-body", str(args.max_body), "--deadline", str(args.deadline), "--store", "none"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url, seen = httpx.URL(process.stdout.readline().split()[0]), Seen()
        asyncio.run(watch(process.pid, seen, time.perf_counter() + 1))
        before = seen.memory.pop()
        asyncio.run(run(args, url, process.pid, seen))
        answered = report(args, seen, before)
        start = time.perf_counter()
        print(f"then health: {httpx.get(url.join('/health'), timeout=30).status_code}, ", end="")
        process.terminate()
        print(f"ended with {process.wait(60)} after {time.perf_counter() - start:.1f} s")
    if not answered:
        sys.exit("a request got neither an answer nor a status")


if __name__ == "__main__":
    main()
