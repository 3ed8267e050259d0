"""Median times of a call by threads: ``python -m evaluation.timing.threads --data FOLDER``.

Prints, for the shipped encoder by ONNX Runtime and by torch, the default number of threads beside one, the
engines in turn question by question; and the load of the machine before and after.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict

from evaluation.data import options
from evaluation.data.sets import chunks, rows
from semtoken_rag import SemToken
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.transformer import TransformerEncoder
from semtoken_rag.encoders.verify import SHIPPED_FILE

TURNS = 3


def main() -> None:
    """Measure and print."""
    parser = options.data_parser(__doc__, set="hotpotqa_dev200", n=8)
    args = parser.parse_args()
    made = [(chunks(row), row["question"]) for row in rows(args.data, args.set)[: args.n]]
    engines = {
        ("ONNX Runtime", "default"): SemToken(encoder=OnnxEncoder()),
        ("ONNX Runtime", "1"): SemToken(encoder=OnnxEncoder(threads=1)),
        ("torch", "default"): SemToken(encoder=TransformerEncoder(SHIPPED_FILE, device="cpu")),
        ("torch", "1"): SemToken(encoder=TransformerEncoder(SHIPPED_FILE, device="cpu", threads=1)),
    }
    wall, cpu, before = defaultdict(list), defaultdict(list), os.getloadavg()[0]
    for context, query in [made[0], *made * TURNS]:  # the first is a warm-up
        for name, engine in engines.items():
            start, used = time.perf_counter(), time.process_time()
            engine.compress(context, query, ratio=0.2)
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - used)
    print("| by | threads | ms | CPU ms |\n| --- | ---: | ---: | ---: |")
    for name in engines:
        times = [1000 * statistics.median(taken[name][1:]) for taken in (wall, cpu)]
        print(f"| {name[0]} | {name[1]} | {times[0]:,.0f} | {times[1]:,.0f} |")
    print(f"load: {before:.1f} to {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
