"""Run the ways a reader gets its context over the same questions or passages, and compare them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from evaluation.markdown import table
from evaluation.results import interval

ONCE = ("full", "none")  # arms that no ratio changes
FIGURES = ("nats", "f1", "em", "tokens", "first_s", "ms_per_token", "kv_mb")

T = TypeVar("T")


def run_arms(
    name: str,
    arms: Mapping[str, Callable[[T, float], dict[str, float]]],
    items: Sequence[T],
    ratios: Sequence[float],
) -> Iterator[dict[str, Any]]:
    """Yield a result a ratio and arm.

    Parameters
    ----------
    name
        Of the set.
    arms
        By their names, ``(item, ratio) -> figures``.
    items
        Questions or passages.
    ratios
        Shares of the tokens to keep; arms of `ONCE` run at the first alone.
    """
    for number, ratio in enumerate(ratios):
        for arm, measure in arms.items():
            if arm in ONCE and number:
                continue
            bar = tqdm(items, desc=f"{name} {ratio:g} {arm}", disable=None)
            values = columns([measure(item, ratio) for item in bar])
            yield {"set": name, "ratio": 1.0 if arm in ONCE else ratio, "arm": arm, "values": values}


def columns(given: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    """Return one list a figure."""
    return {name: [g[name] for g in given] for name in given[0]} if given else {}


def report(results: Sequence[dict[str, Any]]) -> str:
    """Return the means, and the paired differences to ``full`` and to ``text`` at the same ratio."""
    by = {(r["set"], r["arm"], r["ratio"]): r["values"] for r in results}
    names = [n for n in FIGURES if any(n in v for v in by.values())]
    lines = []
    for (set_, arm, ratio), values in by.items():
        if not values:
            continue
        line = [set_, f"{ratio:g}", arm, *(f"{np.mean(values[n]):.3f}" if n in values else "" for n in names)]
        for other in (by.get((set_, "full", 1.0)), by.get((set_, "text", ratio))):
            line.append(_difference(values["nats"], other["nats"]) if other and other is not values else "")
        lines.append(line)
    return table(["set", "ratio", "arm", *names, "nats to full", "nats to text"], lines)


def _difference(mine: Sequence[float], other: Sequence[float]) -> str:
    differences = [a - b for a, b in zip(mine, other, strict=True)]
    low, high = interval(differences) or (0.0, 0.0)
    return f"{np.mean(differences):+.3f} ({low:+.3f} to {high:+.3f})"
