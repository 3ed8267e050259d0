"""What a call costs as its input grows: ``python -m evaluation.timing.growth --sizes 1000 10000``.

Each kind of document, most of them written to be slow, is built at each size and compressed with the static
encoder in a process of its own. Prints CPU seconds, and by how much more than n log n they grew between the
last two sizes: 1 is n log n, n times as much is quadratic. Sizes are WordPiece tokens, or characters where a
document has no token for each.
"""

from __future__ import annotations

import argparse
import math
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from evaluation.data import options
from semtoken_rag import SemToken

QUESTION = "When did the tower open?"
WORDS = (
    "tower",
    "river",
    "bread",
    "winter",
    "opened",
    "because",
    "never",
    "people",
    "metres",
    "stone",
    "1889",
)


def prose(n: int) -> list[str]:
    """Write sentences of ten different words, a chunk every two hundred."""
    draw = random.Random(0)  # not the global generator
    sentences = [" ".join(draw.choices(WORDS, k=9)) + "." for _ in range(n // 10)]
    return [" ".join(sentences[i : i + 20]) for i in range(0, len(sentences), 20)]


KINDS: Mapping[str, Callable[[int], list[str]]] = {
    "prose, chunks of 200 tokens": prose,
    "prose, one chunk": lambda n: [" ".join(prose(n))],
    "sentences of one word": lambda n: ["Yes. " * (n // 2)],
    "chunks of one sentence": lambda n: [f"Note {i} is short." for i in range(n // 5)],
    "lines of one token": lambda n: ["a\n" * n],
    "one line without a blank": lambda n: ["a.b" * (n // 3)],
    "letters without a blank, 5 a token": lambda n: ["a" * 5 * n + ". The tower opened."],
    "script without blanks": lambda n: ["\u5857\u6c34" * (n // 2)],
    "table of two columns": lambda n: ["\n".join(f"{i % 1000} | x" for i in range(n // 3))],
    "table of one line": lambda n: ["x|" * (n // 2)],
    "JSON objects": lambda n: ["[" + ",".join('{"a": 1}' for _ in range(n // 8)) + "]"],
    "brackets that open": lambda n: ["[" * n],
    "code": lambda n: ["x = 1;\n" * (n // 4)],
    "fence that never closes": lambda n: ["```\n" + "x y\n" * (n // 2)],
    "quotation marks that open": lambda n: ["\u201c" * n],
    "back quotes": lambda n: ["`" * 100 + ("x` " + "`" * 98) * (n // 100)],
    "statements that do not end": lambda n: [("import " + " " * 1100 + "!\n") * (n // 1100)],
    "list that goes on": lambda n: ["- item\n" + "  and more of it\n" * (n // 4)],
    "role markers": lambda n: ["<|im_start|>system\n" * (n // 8)],
    "numbers": lambda n: ["1,2 " * (n // 3)],
}


def seconds(kind: str, n: int, counter: str, ratio: float) -> float:
    """CPU time of one call, less that of a first one."""
    count = {"estimate": None, "characters": len}[counter]
    engine = SemToken(encoder="static", token_counter=count, on_error="raise")
    engine.compress(["One two. Three four."], QUESTION, max_tokens=3)
    chunks = KINDS[kind](n)
    start = time.process_time()
    engine.compress([*chunks, "The tower opened in 1889."], QUESTION, ratio=ratio)
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    parser = options.parser(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--counter", default="estimate", choices=["estimate", "characters"])
    parser.add_argument("--ratio", type=float, default=0.2)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(seconds(args.kinds[0], args.sizes[0], args.counter, args.ratio))
        return
    print("| document | " + " | ".join(f"{n:,}" for n in args.sizes) + " | beyond n log n |")
    print("| --- |" + " ---: |" * (len(args.sizes) + 1))
    for kind in args.kinds:
        taken = []
        for n in args.sizes:
            command = [
                sys.executable,
                "-m",
                "evaluation.timing.growth",
                "--one",
                "--kinds",
                kind,
                "--sizes",
                str(n),
            ]
            command += ["--sizes", str(n), "--counter", args.counter, "--ratio", str(args.ratio)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            taken.append(float(done.stdout))
        (a, b), (x, y) = args.sizes[-2:], taken[-2:]
        beyond = y / x / (b * math.log(b) / (a * math.log(a)))
        print(f"| {kind} | " + " | ".join(f"{s:.2f}" for s in taken) + f" | {beyond:.1f} |", flush=True)


if __name__ == "__main__":
    main()
