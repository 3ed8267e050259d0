"""The results: read, written, and bootstrap intervals over their questions.

``results/bench/METHOD.jsonl`` has a line a cell: a method on a set at a ratio, rows transformed, the first n
questions. ``results/chain/METHOD.jsonl`` has the same of retrieval chains, see `evaluation.chain.config`, and
``results/paper/JOB.json`` the cells of a job of `evaluation.paper`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Result = dict[str, Any]
Key = tuple[str, float, str, int]  # set, ratio, transform, n

ROOT = Path(__file__).resolve().parent.parent  # of the repository
BENCH, CHAIN, PAPER, READERS = "bench", "chain", "paper", "readers"  # folders of results/
RESAMPLES = 2000


def load(folder: Path, methods: Collection[str] | None = None) -> list[Result]:
    """Return the results of a folder, those that failed too: method by method, each sorted by its cells.

    Parameters
    ----------
    folder
        Of one ``METHOD.jsonl`` a method.
    methods
        Only these; default: all.
    """
    paths = sorted(folder.glob("*.jsonl"))
    return [r for path in paths if methods is None or path.stem in methods for r in _lines(path)]


def _lines(path: Path) -> list[Result]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def key(result: Mapping[str, Any]) -> Key:
    """Return what tells a result from the others of its method."""
    return result["set"], result["ratio"], result["transform"], result["n"]


def write(
    folder: Path,
    method: str,
    results: Iterable[Result],
    without: Collection[Any] = (),
    key: Callable[[Result], Any] = key,
) -> None:
    """Write results of a method into its file, in one step; what is there for other cells stays.

    Parameters
    ----------
    folder
        Of one ``METHOD.jsonl`` a method.
    method
        Its name.
    results
        New results; they replace those of the same cells.
    without
        Cells whose results are dropped.
    key
        What tells a result from the others of its method.
    """
    path = folder / f"{method}.jsonl"
    known = {key(r): r for r in _lines(path)} if path.exists() else {}
    kept = {k: r for k, r in known.items() if k not in without} | {key(r): r for r in results}
    _replace(path, "".join(f"{json.dumps(kept[k])}\n" for k in sorted(kept)))


def read_document(path: Path) -> dict[str, Any]:
    """Return the results of one file of `write_document`; empty if there is no such file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_document(path: Path, values: Mapping[str, Any]) -> None:
    """Write results that have a file of their own, one line a key."""
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in values.items()]
    _replace(path, "{\n" + ",\n".join(lines) + "\n}\n")


def _replace(path: Path, text: str) -> None:
    """Write a file in one step, so that an interrupted run leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.part")
    half.write_text(text, encoding="utf-8")
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
        made.setdefault(tuple(r[name] for name in keys), []).append(r)
    return dict(sorted(made.items()))
