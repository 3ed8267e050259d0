"""The judge's figures over all cases: means, by kind, by language, and as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from evaluation.faithful.case import Case
from evaluation.faithful.judge import Kept, judge
from evaluation.markdown import number, table

Figures = Mapping[str, float | None]
NAMES = ("answer", "misleading", "right", "broken", "bare", "used")


def measure(cases: Sequence[Case], method: Callable[[Case, float], Kept], ratio: float) -> dict[str, Any]:
    """Return the figures of a method at a ratio, and the cases that mislead."""
    rows: list[tuple[Case, Figures]] = []
    children = bare = 0
    for case in cases:
        kept = method(case, ratio)
        rows.append((case, judge(case, kept)))
        children, bare = children + (kept.children or 0), bare + (kept.bare or 0)
    return {
        "ratio": ratio,
        "n": len(rows),
        **means(figures for _, figures in rows),
        "over": sum((figures["used"] or 0) > 1 + 1e-9 for _, figures in rows),
        "children": [children, bare],
        "by_kind": _by(rows, lambda case: case.kind),
        "by_lang": _by(rows, lambda case: case.lang),
        "misleading_cases": [case.id for case, figures in rows if figures["misleading"]],
        "broken_cases": [case.id for case, figures in rows if figures["broken"]],
    }


def means(rows: Iterable[Figures]) -> dict[str, float | None]:
    """Return the mean of each figure over the cases that have it."""
    rows = list(rows)
    made: dict[str, float | None] = {}
    for name in NAMES:
        known = [value for row in rows if (value := row[name]) is not None]
        made[name] = round(sum(known) / len(known), 4) if known else None
    return made


def _by(rows: Sequence[tuple[Case, Figures]], key: Callable[[Case], str]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Figures]] = {}
    for case, figures in rows:
        groups.setdefault(key(case), []).append(figures)
    return {name: {"n": len(group), **means(group)} for name, group in groups.items()}


def overview(results: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown table, one line a method and ratio."""
    head = ["method", "ratio", "answer", "misleading", "right", "broken atoms", "bare children", "used"]
    lines = [
        [result["method"], number(row["ratio"], 1), *(number(row[name], 3) for name in NAMES)]
        for result in results
        for row in result["rows"]
    ]
    return table(head, lines)


def breakdown(result: Mapping[str, Any], by: str) -> str:
    """Return a Markdown table of one method: answer / misleading / broken of each group and ratio."""
    rows = result["rows"]
    lines = [
        [name, rows[0][by][name]["n"]]
        + [" / ".join(number(row[by][name][f]) for f in ("answer", "misleading", "broken")) for row in rows]
        for name in rows[0][by]
    ]
    return table([result["method"], "n", *(number(row["ratio"], 1) for row in rows)], lines)
