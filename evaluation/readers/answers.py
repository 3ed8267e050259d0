"""F1 of readers' answers, beside the full context: ``python -m evaluation.readers.answers --reader gemma``.

Each question is asked without a context, with all of it, and with what each method keeps of it at 2.5, 5 and
10 times fewer tokens, in the same few-shot prompt. Exact match and F1 as SQuAD has them; of a reader in this
process also nats per token of the gold answer, and how often it is the likeliest beside nine answers of other
questions, which says something where a reader is too small to answer. A reader behind a server may be of any
size: ``--reader openai:http://127.0.0.1:8080/v1#MODEL``.

Results go to results/readers/READER.jsonl, a line a cell. What is there already is not measured again.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evaluation.bench.config import parse
from evaluation.bench.methods import get
from evaluation.bench.run import CONFIG, interpreter, start
from evaluation.data import options
from evaluation.metrics import exact_match, f1
from evaluation.readers.contexts import FULL, NONE, path_of, questions
from evaluation.readers.readers import Local, Reader, Served, prompt
from evaluation.results import READERS, ROOT, Result, load, write
from evaluation.system import machine

PACKAGED = ("smollm2", "gemma")
SETS = ("hotpotqa_dev200", "2wikimultihopqa_train300")
METHODS = ("semtoken", "bm25", "llmslim", "trimwise", "chunk-rank")
FACTORS = (2.5, 5.0, 10.0)
SAMPLE = {"sets": ("xquad_en",), "n": 1, "reader": PACKAGED[:1], "methods": METHODS[:1], "factors": (5.0,)}
OTHERS = 9
WORKER = "evaluation.readers.contexts"


def key(result: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells a result from the others of its reader."""
    return tuple(result[name] for name in ("set", "method", "factor", "n"))


def reader_of(name: str) -> Reader:
    """Return the reader of a name or an address."""
    return Served(name) if name.startswith("openai:") else Local(name)


def contexts(
    folder: Path, data: Path, name: str, n: int, method: str, factors: Sequence[float]
) -> list[list[str]]:
    """Return the contexts of a method at each factor, as they were made before if they were.

    Raises
    ------
    RuntimeError
        If the method cannot run.
    """
    job = {"set": name, "n": n, "method": method, "data": str(data), "folder": str(folder)}
    missing = [1 / f for f in factors if not path_of(folder, job, 1 / f).exists()]
    if missing:
        config = parse(CONFIG.read_text(encoding="utf-8"))
        python = sys.executable if method in (FULL, NONE) else interpreter(config.interpreters, get(method))
        if code := start(python, {**job, "ratios": missing}, WORKER):
            raise RuntimeError(f"{method}: no contexts, exit code {code}")
    files = [path_of(folder, job, 1 / f) for f in factors]
    return [[json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in files]


def measure(reader: Reader, asked: Sequence[Mapping[str, Any]], shown: Sequence[str]) -> dict[str, Any]:
    """Ask all questions with their contexts; the figures question by question, and their means."""
    table = []
    for i, (row, context) in enumerate(zip(asked, shown, strict=True)):
        others = [asked[(i + 1 + j) % len(asked)]["answers"][0] for j in range(min(OTHERS, len(asked) - 1))]
        reply = reader.ask(prompt(context, row["question"]), row["answers"][0], others)
        table.append(
            {
                "f1": f1(reply.answer, row["answers"]),
                "em": exact_match(reply.answer, row["answers"]),
                "nats": reply.nats,
                "choice": reply.choice,
                "tokens": reply.tokens,
            }
        )
    values = {name: [line[name] for line in table] for name in table[0]}
    means = {
        name: None if None in column else round(sum(column) / len(column), 4)
        for name, column in values.items()
    }
    return {"questions": len(table), "means": means, "values": values}


def run(args: Namespace) -> None:
    """Measure what the readers have no result of, and print each cell."""
    for reader in map(reader_of, args.reader):
        file = "".join(c if c.isalnum() or c in "-." else "-" for c in reader.name)
        done = {key(r) for r in load(args.out, {file})}
        for name in args.sets:
            asked = questions(args.data, name, args.n)
            for method in (NONE, FULL, *args.methods):
                about = {"reader": reader.name, "set": name, "method": method, "n": args.n}
                factors = (1.0,) if method in (NONE, FULL) else tuple(args.factors)
                left = [f for f in factors if key({**about, "factor": f}) not in done]
                shown = contexts(args.contexts, args.data, name, args.n, method, left)
                for factor, texts in zip(left, shown, strict=True):
                    result: Result = {**about, "factor": factor, "machine": machine()}
                    result |= measure(reader, asked, texts)
                    write(args.out, file, [result], key=key)
                    print(reader.name, name, method, factor, result["means"], flush=True)


def times_fewer(text: str) -> float:
    """Return a factor by which tokens become fewer, above 1."""
    if not 1 < float(text) < float("inf"):
        raise ArgumentTypeError(f"must be above 1, got {text}")
    return float(text)


def check(args: Namespace) -> None:
    """Look up all methods and sets, before the first reader is loaded.

    Raises
    ------
    ValueError
        For a method that is none.
    OSError
        For a set that is not in the data folder.
    """
    for method in args.methods:
        get(method)
    for name in args.sets:
        questions(args.data, name, 1)


def main() -> None:
    """Measure what is missing, reader by reader; what has been measured is kept if a reader fails."""
    made = options.data_parser(__doc__, sample=False, sets=SETS, n=60)
    made.add_argument(
        "--reader", nargs="+", default=PACKAGED, help="smollm2, gemma, a model, or openai:URL#MODEL"
    )
    made.add_argument("--methods", nargs="+", default=METHODS)
    made.add_argument("--factors", nargs="+", type=times_fewer, default=FACTORS, help="times fewer tokens")
    made.add_argument("--out", type=Path, default=ROOT / "results" / READERS)
    made.add_argument("--contexts", type=Path, default=ROOT / ".contexts", help="folder to keep contexts in")
    made.add_argument(
        "--sample", action="store_true", help="a question of the repository's sample; keeps no result"
    )
    args = made.parse_args()
    with TemporaryDirectory() as folder:
        if args.sample:
            kept = Path(folder)
            made.set_defaults(data=options.SAMPLE, out=kept, contexts=kept / "contexts", **SAMPLE)
            args = made.parse_args()
        if not args.data.is_dir():
            made.error(f"no sets in {args.data}: --data FOLDER, or --sample")
        try:
            check(args)
            run(args)
        except (OSError, ValueError) as error:
            raise SystemExit(f"{made.prog}: {error}") from error


if __name__ == "__main__":
    main()
