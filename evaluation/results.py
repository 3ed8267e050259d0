"""The result files read back, and bootstrap intervals over their questions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Result = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent  # of the repository
RESAMPLES = 2000


def load(folder: Path) -> list[Result]:
    """Return all results of a folder, those that failed too, in the order of their names.

    The paper's tables have their own, whose names begin with ``paper_``.
    """
    files = (path for path in sorted(folder.glob("*.json")) if not path.name.startswith("paper_"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in files]


def write(path: Path, result: dict[str, Any]) -> None:
    """Write a result, one line a key, in one step, so that an interrupted run leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in result.items()]
    half.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    half.replace(path)


def interval(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Return the 95 % bootstrap interval of the mean of what is not None; the same for the same values.

    >>> interval([1.0, 1.0, 1.0])
    (1.0, 1.0)
    """
    known = np.array([v for v in values if v is not None], float)  # (q,)
    if not len(known):
        return None
    drawn = np.random.default_rng(0).integers(0, len(known), (RESAMPLES, len(known)))
    low, high = np.quantile(known[drawn].mean(1), (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def paired(result: Result, other: Result, name: str) -> tuple[float, tuple[float, float]] | None:
    """Return the mean difference to another result, question by question, and its interval.

    None where the two do not have the same number of questions or the set has no such figure.
    """
    mine, theirs = result["values"][name], other["values"][name]
    if len(mine) != len(theirs):
        return None
    differences = [a - b for a, b in zip(mine, theirs, strict=True) if a is not None and b is not None]
    found = interval(differences)
    return None if found is None else (float(np.mean(differences)), found)


def ran(results: Iterable[Result]) -> list[Result]:
    """Return the results that have figures."""
    return [r for r in results if r["status"] == "ok"]


def failed(results: Iterable[Result]) -> dict[str, dict[str, list[str]]]:
    """Return where a method could not be run: method to reason to cells, ``set at ratio``."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for r in results:
        if r["status"] != "ok":
            where = f"{r['set']} at {r['ratio']:g}" + (
                f" {r['transform']}" if r["transform"] != "none" else ""
            )
            reasons.setdefault(r["method"], {}).setdefault(r["reason"], []).append(where)
    return reasons


def groups(results: Iterable[Result], *keys: str) -> dict[tuple[Any, ...], list[Result]]:
    """Return the results by the values of ``keys``, in rising order of these."""
    made: dict[tuple[Any, ...], list[Result]] = {}
    for r in results:
        made.setdefault(tuple(r[key] for key in keys), []).append(r)
    return dict(sorted(made.items()))
