"""Median times of a call: ``python -m evaluation.timing.speed --data FOLDER``.

Prints, for one question's ten chunks: the static encoder end to end, before torch is loaded; the transformer
end to end, its batched forward pass within the same call, their ratio, and what is left for everything else;
question by question in turn with it, the transformer in single precision and the cascade, and the ratio of
each to it; then the import and the first static call.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from evaluation.data import options
from evaluation.data.sets import chunks, rows
from semtoken_rag import Chunk, SemToken
from semtoken_rag.encoders.registry import ADAPTER, resolve_encoder

FIRST = (
    "import time; a = time.perf_counter(); from semtoken_rag import SemToken; b = time.perf_counter();"
    "SemToken(encoder='static').compress(['One two three. Four five six.'], 'two?', max_tokens=4);"
    "print(b - a, time.perf_counter() - b)"
)


def seconds(call: Callable[[], Any]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def parts(deep: SemToken, context: list[Chunk], query: str) -> tuple[float, float]:
    """Time one question: the call, and the forward pass inside it."""
    encoder: Any = deep.encoder
    forward, inside = encoder.forward, 0.0

    def timed(windows: Any) -> Any:
        nonlocal inside
        start = time.perf_counter()
        out = forward(windows)
        inside += time.perf_counter() - start
        return out

    encoder.forward = timed
    whole = seconds(lambda: deep.compress(context, query, ratio=0.2))
    encoder.forward = forward
    return whole, inside


def in_single_precision() -> Any:
    """Return the encoder of ``auto`` as it is on a CPU without bfloat16."""
    encoder: Any = resolve_encoder(ADAPTER)  # by its path: another object than that of ``auto``
    encoder.module.float()
    return encoder


def main() -> None:
    """Measure and print."""
    parser = options.data_parser(__doc__, set="hotpotqa_dev200", n=40)
    args = parser.parse_args()
    made = [(chunks(row), row["question"]) for row in rows(args.data, args.set)[: args.n]]
    taken: dict[str, list[float]] = defaultdict(list)
    static = SemToken(encoder="static")
    for context, query in [made[0], *made]:  # the first twice: a warm-up
        taken["static"].append(seconds(partial(static.compress, context, query, ratio=0.2)))
    deep = SemToken(encoder="auto")
    beside = {"float32": SemToken(encoder=in_single_precision()), "cascade": SemToken(strategy="cascade")}
    for context, query in [made[0], *made]:
        whole, inside = parts(deep, context, query)
        found = {"transformer": whole, "forward": inside, "ratio": whole / inside, "rest": whole - inside}
        for name, engine in beside.items():
            found[name] = seconds(partial(engine.compress, context, query, ratio=0.2))
            found[f"{name} ratio"] = found[name] / whole
        for name, value in found.items():
            taken[name].append(value)
    for name, values in taken.items():
        median = statistics.median(values[1:])
        print(f"{name:14s} {median:.3f}" if "ratio" in name else f"{name:14s} {1000 * median:.1f} ms")
    runs = [
        [
            float(x)
            for x in subprocess.run(
                [sys.executable, "-c", FIRST], capture_output=True, text=True, check=True
            ).stdout.split()
        ]
        for _ in range(5)
    ]
    for name, values in zip(("import", "first call"), zip(*runs, strict=True), strict=True):
        print(f"{name:14s} {1000 * statistics.median(values):.1f} ms")


if __name__ == "__main__":
    main()
