"""Median times of a call: ``python -m evaluation.timing.speed --data FOLDER``.

Prints, for one question's ten chunks, question by question in turn, end to end: the static table, the shipped
encoder by ONNX Runtime (cold, and with its fingerprints in a store), the cascade, and the shipped encoder by
torch; then the import and the first call. ``OMP_NUM_THREADS=1`` for one thread.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections import defaultdict
from typing import Any

from evaluation.data import options
from evaluation.data.sets import chunks, rows
from semtoken_rag import SemToken
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.transformer import TransformerEncoder
from semtoken_rag.encoders.verify import SHIPPED_FILE

FIRST = (
    "import time; a = time.perf_counter(); from semtoken_rag import SemToken; b = time.perf_counter();"
    "SemToken().compress(['One two three. Four five six.'], 'two?', max_tokens=4);"
    "print(b - a, time.perf_counter() - b)"
)


class Clock:
    """Wall and CPU time of what an encoder's forward pass takes within a call."""

    def __init__(self, encoder: Any) -> None:
        self.seconds, self._forward = 0.0, encoder.forward
        encoder.forward = self

    def __call__(self, windows: Any) -> Any:
        """Run the forward pass."""
        start = time.perf_counter()
        out = self._forward(windows)
        self.seconds += time.perf_counter() - start
        return out


def by_torch() -> Any:
    """Return the shipped encoder by torch on the CPU, in the precision that is faster there."""
    return TransformerEncoder(SHIPPED_FILE, device="cpu")


def main() -> None:
    """Measure and print."""
    parser = options.data_parser(__doc__, set="hotpotqa_dev200", n=40)
    args = parser.parse_args()
    made = [(chunks(row), row["question"]) for row in rows(args.data, args.set)[: args.n]]
    onnx = OnnxEncoder()
    clock = Clock(onnx)
    engines = {
        "static": SemToken(encoder="static"),
        "onnx": SemToken(encoder=onnx),
        "onnx, warm": SemToken(encoder=OnnxEncoder(), store="memory://"),
        "cascade": SemToken(encoder=OnnxEncoder(), strategy="cascade"),
        "torch": SemToken(encoder=by_torch()),
    }
    for context, _ in made:
        engines["onnx, warm"].annotate(context)
    wall, cpu, share = defaultdict(list), defaultdict(list), []
    for context, query in [made[0], *made]:  # the first twice: a warm-up
        for name, engine in engines.items():
            clock.seconds, start, used = 0.0, time.perf_counter(), time.process_time()
            engine.compress(context, query, ratio=0.2)
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - used)
            if name == "onnx":
                share.append(clock.seconds / wall[name][-1])
    print("| engine | ms | CPU ms | of torch | CPU of torch |\n| --- | ---: | ---: | ---: | ---: |")
    for name in engines:
        ratios = [
            statistics.median(a / b for a, b in zip(taken[name][1:], taken["torch"][1:], strict=True))
            for taken in (wall, cpu)
        ]
        times = [1000 * statistics.median(taken[name][1:]) for taken in (wall, cpu)]
        print(f"| {name} | {times[0]:.1f} | {times[1]:.1f} | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    print(f"share of the forward pass in a call with onnx: {statistics.median(share[1:]):.2f}")
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
