"""Measure methods on sets at ratios: ``python -m evaluation.bench.run --set n=20``.

Writes one JSON file for each method, set, ratio, transform and n. What is there already is not measured
again, what failed is tried again. Each method runs in a process of its own; ``--python PATH`` runs the named
methods in another interpreter, for packages whose versions clash with these.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from evaluation.bench.config import Cell, Config, parse
from evaluation.bench.methods import Method, get
from evaluation.results import ROOT

Start = Callable[[str, "dict[str, Any]"], int]


def pending(cells: Sequence[Cell], out: Path, fresh: bool) -> list[Cell]:
    """Return the cells that have no good result yet; all of them if ``fresh``."""

    def done(cell: Cell) -> bool:
        path = out / cell.file
        return path.exists() and json.loads(path.read_text(encoding="utf-8"))["status"] == "ok"

    return [cell for cell in cells if fresh or not done(cell)]


def interpreter(config: Config, method: Method) -> str:
    """Return the Python named for a method, for it without titles, or for its kind; else this one."""
    names = (method.name, method.name.partition("+")[0], method.kind)
    named = next((config.interpreters[n] for n in names if n in config.interpreters), sys.executable)
    # Not resolved: a virtual environment's python is a link whose place says which environment it is.
    return str(ROOT / named)


def start(python: str, job: dict[str, Any]) -> int:
    """Run a worker on a job; return its exit code."""
    paths = [str(ROOT / "integrations"), str(ROOT)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(paths)}
    command = [python, "-m", "evaluation.bench.worker"]
    return subprocess.run(
        command, input=json.dumps(job), text=True, cwd=ROOT, env=environment, check=False
    ).returncode


def run(config: Config, fresh: bool = False, start: Start = start) -> list[Path]:
    """Measure what is pending.

    Parameters
    ----------
    config
        What to measure.
    fresh
        Measure again what has a result.
    start
        ``(python, job) -> exit code``, which writes the results of a job.

    Returns
    -------
    list of Path
        The result files of this configuration, measured now or before.
    """
    out = config.folder("out")
    methods = [get(name) for name in config.methods]
    for method in methods:
        if cells := pending(config.cells(method.name), out, fresh):
            _measure(config, method, cells, start)
    return [out / cell.file for method in methods for cell in config.cells(method.name)]


def _measure(config: Config, method: Method, cells: Sequence[Cell], start: Start) -> None:
    python, out = interpreter(config, method), config.folder("out")
    for cell in cells:
        (out / cell.file).unlink(missing_ok=True)
    folders = {name: str(config.folder(name)) for name in ("data", "peers", "out")}
    job = {"method": method.name, "n": config.n, "cells": [asdict(c) for c in cells], **folders}
    try:
        reason = f"the worker ended with exit code {start(python, job)}"
    except OSError as error:
        reason = f"{error}; make peers"
    for cell in cells:
        if not (out / cell.file).exists():
            fail(out, cell, method, reason)


def fail(out: Path, cell: Cell, method: Method, reason: str) -> None:
    """Write the result of a cell whose worker could not write one."""
    from evaluation.bench.worker import record
    from evaluation.results import write

    write(out / cell.file, {**record(cell, method), "status": "failed", "reason": reason})


def main() -> None:
    """Measure, then say what there is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--config", type=Path, nargs="+", default=[ROOT / "evaluation" / "bench" / "config.yaml"]
    )
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="KEY=VALUE", help="replace a key, value in YAML"
    )
    parser.add_argument("--python", help="interpreter of the named methods")
    parser.add_argument("--fresh", action="store_true", help="measure again what has a result")
    args = parser.parse_args()
    for path in args.config:
        config = parse(path.read_text(encoding="utf-8"), args.set)
        if args.python:
            config = replace(config, interpreters=dict.fromkeys(config.methods, args.python))
        for file in run(config, args.fresh):
            result = json.loads(file.read_text(encoding="utf-8"))
            said = result.get("reason") or json.dumps(result["means"])
            print(" ".join(str(result[key]) for key in ("method", "set", "ratio", "transform")), said)


if __name__ == "__main__":
    main()
