"""Does the answer survive at a token budget? ``python -m evaluation.judge.retention --n 100``.

Needs no model. For every question the retrieved documents go through a LangChain document compressor at a
ratio of their tokens, and the output is scored:

  answer   share of questions whose gold answer is still in the text (questions whose answer was not in the
           input, or is yes/no, are left out)
  support  mean share of the gold sentences that are still there verbatim (sets that mark them)
  chain    share of questions with all gold sentences
  kept     mean of tokens out / tokens in, and the worst overshoot of the budget over all questions
  ms       median milliseconds a call, all documents of one question, after one warm-up call

Tokens are WordPiece tokens of all-MiniLM-L6-v2. ``--compressor MODULE:FACTORY`` judges another compressor:
``evaluation.judge.rules:bm25``, or a factory of one's own, ``(ratio, count) -> object`` with the method
``compress_documents(documents, query)``.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluation import metrics
from evaluation.data import options
from evaluation.data.sets import rows
from evaluation.data.slices import SLICES, slice_of
from evaluation.judge.inputs import Count, Factory, counter, documents, factory_of
from evaluation.judge.rules import inform

SETS = ("hotpotqa_dev200", "nq_open_dev_20docs", "2wikimultihopqa_train300", "xquad_en", "tatqa_dev400")
COLUMNS = {"n": 5, "answer": 8, "support": 9, "chain": 7, "kept": 7, "over": 7, "ms": 9}  # name: width


def ask(compressor: Any, row: dict[str, Any], ratio: float, count: Count) -> dict[str, float | None]:
    """Return the figures of one question."""
    given = documents(row)
    start = time.perf_counter()
    out = compressor.compress_documents(given, row["question"])
    ms = 1000 * (time.perf_counter() - start)
    texts = [d.page_content for d in out]
    before = sum(count(d.page_content) for d in given)
    after = sum(map(count, texts))
    return {
        "answer": metrics.answer(row, texts),
        "support": metrics.support(row, texts),
        "chain": metrics.chain(row, texts),
        "kept": after / before,
        "over": after - ratio * before,
        "ms": ms,
    }


def evaluate(asked: Sequence[dict[str, Any]], make: Factory, ratio: float, count: Count) -> dict[str, Any]:
    """Return the figures of a compressor over rows at a ratio.

    Parameters
    ----------
    asked
        Rows; those that no text answers are left out.
    make
        ``(ratio, count) -> compressor``.
    ratio
        Share of the tokens to keep.
    count
        Counts tokens.

    Raises
    ------
    ValueError
        If no row is left.
    """
    if not (counted := [row for row in asked if metrics.answerable(row)]):
        raise ValueError("no row has its answer in the documents")
    compressor = make(ratio, count)
    compressor.compress_documents(documents(counted[0]), counted[0]["question"])
    found = [ask(compressor, row, ratio, count) for row in counted]

    def mean(name: str) -> float | None:
        known = [figures[name] for figures in found if figures[name] is not None]
        return round(sum(known) / len(known), 4) if known else None

    return {
        "n": len(found),
        "ratio": ratio,
        **{name: mean(name) for name in ("answer", "support", "chain", "kept")},
        "overshoot": round(max(figures["over"] for figures in found), 1),
        "ms": round(statistics.median(figures["ms"] for figures in found), 1),
    }


def line(name: str, result: dict[str, Any]) -> str:
    """Return the line of the table of one set at one ratio."""
    shares = [result["answer"], result["support"], result["chain"]]
    cells = [str(result["n"]), *("-" if share is None else f"{share:.3f}" for share in shares)]
    cells += [f"{result['kept']:.3f}", f"{result['overshoot']:.1f}", f"{result['ms']:.1f}"]
    widths = COLUMNS.values()
    return f"{name:28s}{result['ratio']:6.2f}" + "".join(map(str.rjust, cells, widths))


def main() -> None:
    """Judge and print."""
    parser = options.data_parser(__doc__, sets=SETS, n=100)
    parser.add_argument("--ratios", nargs="+", type=float, default=[0.1, 0.2, 0.4])
    parser.add_argument("--compressor", help="module:factory; default: this product's")
    parser.add_argument("--slice", choices=SLICES, help="of a set of training data; default: all of it")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    make, count = factory_of(args.compressor), counter()
    results = []
    print(f"{'set':28s}{'ratio':>6s}" + "".join(f"{name:>{width}s}" for name, width in COLUMNS.items()))
    for name in args.sets:
        given = rows(args.data, name)
        asked = [row for row in given if args.slice in (None, slice_of(str(row["id"])))][: args.n]
        inform(asked)
        for ratio in args.ratios:
            results.append({"set": name, **evaluate(asked, make, ratio, count)})
            print(line(name, results[-1]), flush=True)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
