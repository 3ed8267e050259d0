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


def headline(results: Sequence[Result], columns: Sequence[tuple[str, float]] = HEADLINE) -> str:
    """Return the README's table: answer / chain of every method on the most questions, best first.

    Parameters
    ----------
    results
        Of the bench.
    columns
        Set and ratio of each; those without a result are left out.
    """
    every = [r for r in ran(results) if r["transform"] == "none"]
    most = max(r["n"] for r in every)
    plain = [r for r in every if r["n"] == most]
    cells = {(r["method"], r["set"], r["ratio"]): r for r in plain}
    columns = [c for c in columns if any(key[1:] == c for key in cells)]

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
    fewer = {r["method"]: r["n"] for r in every if r["method"] not in known}
    away = sorted(set(failed(results)) - set(known) - set(fewer))
    notes = ["Answer / chain; (+k): overshoots the budget by up to k tokens; Q: reads the question."]
    if fewer:
        named = ", ".join(f"{method} ({n})" for method, n in sorted(fewer.items()))
        notes.append(f"On fewer questions, in docs/results.md: {named}.")
    if away:
        notes.append(f"Not run, reasons in docs/results.md: {', '.join(away)}.")
    return "\n\n".join([table(["method", "Q", *names], rows), *notes])
