"""The README's table: every method in a few columns, the losers and those that did not run included."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.markdown import number, table
from evaluation.results import Result, failed, ran

# The README's columns: set and ratio.
HEADLINE = (
    ("hotpotqa_dev200", 0.1),
    ("hotpotqa_dev200", 0.2),
    ("hotpotqa_dev200", 0.4),
    ("2wikimultihopqa_train300", 0.2),
    ("xquad_en", 0.1),
    ("tatqa_dev400", 0.2),
    ("nq_open_dev_20docs", 0.1),
)


def headline(results: Sequence[Result]) -> str:
    """Return the README's table: answer / chain of every method, best first; of several n the largest."""
    plain = sorted((r for r in ran(results) if r["transform"] == "none"), key=lambda r: r["n"])
    cells = {(r["method"], r["set"], r["ratio"]): r for r in plain}
    columns = [c for c in HEADLINE if any(key[1:] == c for key in cells)]

    def rank(method: str) -> tuple[float, str]:
        found = [r["means"]["answer"] for c in columns if (r := cells.get((method, *c)))]
        return -sum(found) / max(len(found), 1), method

    def show(r: Result | None) -> str:
        if r is None:
            return "-"
        chain = r["means"]["chain"]
        said = number(r["means"]["answer"]) + ("" if chain is None else f" / {number(chain)}")
        return said + (f" (+{r['overshoot']:.0f})" if r["overshoot"] >= 1 else "")

    known = {r["method"]: r for r in plain}
    rows = [
        [
            method,
            "yes" if known[method]["query_aware"] else "no",
            *(show(cells.get((method, *c))) for c in columns),
        ]
        for method in sorted(known, key=rank)
    ]
    names = [f"{name.partition('_')[0]} {ratio:g}".replace("0.", ".") for name, ratio in columns]
    away = ", ".join(sorted(set(failed(results)) - set(known)))
    note = f"\n\nNot run, reasons in docs/results.md: {away}." if away else ""
    said = "Answer / chain; (+k): overshoots the budget by up to k tokens; Q: reads the question."
    return f"{table(['method', 'Q', *names], rows)}\n\n{said}{note}"
