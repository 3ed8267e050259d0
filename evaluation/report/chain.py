"""Retrieval chains: the tables of the README and of docs/results.md, and their picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from evaluation.bench.methods import get
from evaluation.markdown import number, table
from evaluation.report.plots import FIRST, styles
from evaluation.results import Result, groups, interval, paired, ran

OURS, WHOLE = "semtoken", "whole"
HYBRID = "trimwise_hybrid"  # no better than trimwise, and one row too many for the README
K, SPLITTER, BUDGETS = 30, "recursive-800-100", (256, 512, 1024)
ABOUT = (
    "Answer / chain: share of the questions whose answer, and for which all gold sentences, reach the "
    "reader; (+k): over the budget by up to k tokens."
)


def headline(results: Sequence[Result]) -> str:
    """Return the short table: chunks as most people cut them, without titles; the most answers first."""
    shown = [r for r in ran(results) if _is_usual(r) and r["budget"] in BUDGETS and r["method"] != HYBRID]
    return f"{_table(shown)}\n\n{ABOUT}"


def details(results: Sequence[Result]) -> str:
    """Return the tables of docs/results-tables.md: all corpora at one number of chunks, then at others."""
    good = ran(results)
    parts = [ABOUT]
    for (name, titles), found in groups(good, "set", "titles").items():
        asked = max(r["questions"] for r in found)
        parts.append(f"### {name}, chunks {'with' if titles else 'without'} titles, {asked} questions")
        for (splitter,), of_pool in groups(found, "splitter").items():
            parts += [f"{splitter}, the best {K} chunks:", _table([r for r in of_pool if r["k"] == K])]
        if not titles:
            parts += [f"By the number of chunks, {SPLITTER}:", _by_chunks(found)]
    return "\n\n".join([*parts, "### Where another method keeps more answers", exceeding(good)])


def exceeding(results: Sequence[Result]) -> str:
    """Return the table of the cells in which a method within the budget keeps more answers than ours."""
    rows = []
    for cell, found in _cells(results):
        ours = next((r for r in found if r["method"] == OURS), None)
        for other in found if ours else []:
            if _is_ours(other) or other["overshoot"] or other["means"]["answer"] <= ours["means"]["answer"]:
                continue
            mean, (low, high) = paired(other, ours, "answer") or (0.0, (0.0, 0.0))
            rows.append([*cell, other["method"], f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"])
    head = ["set", "splitter", "titles", "k", "tokens", "method", "answers, less ours"]
    return table(head, rows, "---") if rows else "In no cell."


def draw(results: Sequence[Result], folder: Path) -> Path:
    """Draw answers against tokens, a panel a set, and return the file."""
    shown = [r for r in ran(results) if _is_usual(r)]
    by_set = groups(shown, "set")
    made = Figure(figsize=(3.6 * len(by_set) + 2.2, 3.8), layout="constrained")
    panels = made.subplots(1, len(by_set), squeeze=False, sharey=True)[0]
    looks = styles([method for (method,) in groups(shown, "method")])
    for axes, ((name,), of_set) in zip(panels, by_set.items(), strict=True):
        for (method,), points in groups(of_set, "method").items():
            points = sorted(points, key=lambda r: r["budget"])
            budgets = [r["budget"] for r in points]
            low, high = zip(*(interval(r["values"]["answer"]) or (0, 0) for r in points), strict=True)
            width = 2.4 if method in FIRST else 1.2
            means = [r["means"]["answer"] for r in points]
            axes.plot(budgets, means, label=method, linewidth=width, markersize=4, **looks[method])
            axes.fill_between(budgets, low, high, color=looks[method]["color"], alpha=0.05, linewidth=0)
        axes.set_xscale("log", base=2)
        axes.set_xticks(budgets, [str(b) for b in budgets])
        axes.set_title(name.partition("_")[0])
        axes.set_xlabel("tokens in the prompt")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("questions whose answer reaches the reader")
    made.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    folder.mkdir(parents=True, exist_ok=True)
    made.savefig(folder / "chain.png", dpi=110)
    return folder / "chain.png"


def _is_usual(result: Result) -> bool:
    return (result["k"], result["splitter"], result["titles"]) == (K, SPLITTER, False)


def _is_ours(result: Result) -> bool:
    return get(result["method"]).kind == "own"


def _cells(results: Sequence[Result]) -> Iterator[tuple[tuple[str, ...], list[Result]]]:
    for (name, splitter, titles, k, budget), found in groups(
        results, "set", "splitter", "titles", "k", "budget"
    ).items():
        yield (name, splitter, "yes" if titles else "no", str(k), str(budget)), found


def _table(results: Sequence[Result]) -> str:
    """Return methods by set and budget, the most answers first."""
    columns = [*groups(results, "set", "budget")]
    by_cell = {(r["method"], r["set"], r["budget"]): r for r in results}

    def rank(method: str) -> tuple[float, str]:
        found = [r["means"]["answer"] for c in columns if (r := by_cell.get((method, *c)))]
        return -sum(found) / len(found), method

    ordered = sorted({r["method"] for r in results}, key=rank)
    head = ["method", *(f"{name.partition('_')[0]} {budget}" for name, budget in columns)]
    return table(head, ([m, *(_show(by_cell.get((m, *c))) for c in columns)] for m in ordered))


def _by_chunks(results: Sequence[Result]) -> str:
    """Return ours and whole chunks by number of chunks and budget."""
    usual = [r for r in results if r["splitter"] == SPLITTER and r["method"] in (OURS, WHOLE)]
    by_cell = {(r["method"], r["k"], r["budget"]): r for r in usual}
    budgets = sorted({r["budget"] for r in usual})
    rows = [
        [f"{method}, {k} chunks", *(_show(by_cell.get((method, k, b))) for b in budgets)]
        for (method, k) in groups(usual, "method", "k")
    ]
    return table(["", *map(str, budgets)], rows)


def _show(result: Result | None) -> str:
    if result is None:
        return "-"
    chain, over = result["means"]["chain"], result["overshoot"]
    said = number(result["means"]["answer"]) + ("" if chain is None else f" / {number(chain)}")
    return f"{said} (+{over})" if over else said
