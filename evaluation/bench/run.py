"""Measure methods on sets at ratios: ``python -m evaluation.bench.run --set n=20``.

Writes one line for each set, ratio, transform and n into the file of each method. What is there already is
not measured again, what failed is tried again. Each method runs in a process of its own; ``--python PATH``
runs the named methods in another interpreter, for packages whose versions clash with these. ``--sample``
does what sample.yaml says in place of ``--config``, prints the table, and keeps nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from evaluation.bench.config import Cell, Config, parse
from evaluation.bench.methods import Method, get
from evaluation.data.options import parser
from evaluation.results import ROOT, Result, key, load, ran, write

Start = Callable[[str, "dict[str, Any]"], int]
CONFIG, SAMPLE_CONFIG = (ROOT / "evaluation" / "bench" / f"{name}.yaml" for name in ("config", "sample"))


def pending(cells: Sequence[Cell], out: Path, fresh: bool) -> list[Cell]:
    """Return the cells of one method that have no good result yet; all of them if ``fresh``."""
    done = set() if fresh else {key(r) for r in ran(load(out, {cell.method for cell in cells}))}
    return [cell for cell in cells if cell.key not in done]


def interpreter(interpreters: Mapping[str, str], method: Method) -> str:
    """Return the Python named for a method, for it without titles, or for its kind; else this one."""
    names = (method.name, method.name.partition("+")[0], method.kind)
    named = next((interpreters[n] for n in names if n in interpreters), sys.executable)
    # Not resolved: a virtual environment's python is a link whose place says which environment it is.
    return str(ROOT / named)


def start(python: str, job: dict[str, Any], worker: str = "evaluation.bench.worker") -> int:
    """Run a worker, a module, on a job; return its exit code."""
    paths = [str(ROOT / "integrations"), str(ROOT)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(paths)}
    command = [python, "-m", worker]
    return subprocess.run(
        command, input=json.dumps(job), text=True, cwd=ROOT, env=environment, check=False
    ).returncode


def run(config: Config, fresh: bool = False, start: Start = start) -> list[Result]:
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
    list of dict
        The results of this configuration, measured now or before.
    """
    found = []
    for method in map(get, config.methods):
        cells = config.cells(method.name)
        if left := pending(cells, config.out_folder, fresh):
            _measure(config, method, left, start)
        known = {key(r): r for r in load(config.out_folder, {method.name})}
        found += [known[cell.key] for cell in cells]
    return found


def _measure(config: Config, method: Method, cells: Sequence[Cell], start: Start) -> None:
    python, out = interpreter(config.interpreters, method), config.out_folder
    write(out, method.name, [], without={cell.key for cell in cells})
    folders = {"data": str(config.data_folder), "out": str(out)}
    job = {"method": method.name, "n": config.n, "cells": [asdict(c) for c in cells], **folders}
    try:
        reason = f"the worker ended with exit code {start(python, job)}"
    except OSError as error:
        reason = f"{error}; make peers"
    written = {key(r) for r in load(out, {method.name})}
    if missing := [cell for cell in cells if cell.key not in written]:
        write(out, method.name, [failure(cell, method, reason) for cell in missing])


def failure(cell: Cell, method: Method, reason: str) -> Result:
    """Return the result of a cell whose worker could not write one."""
    from evaluation.bench.worker import record

    return {**record(cell, method), "status": "failed", "reason": reason}


def say(result: Result) -> str:
    """Return the line of a result."""
    figures = result.get("reason") or json.dumps(result["means"])
    return " ".join(str(result[name]) for name in ("method", "set", "ratio", "transform")) + f" {figures}"


def run_sample(overrides: Sequence[str] = (), start: Start = start) -> str:
    """Measure on the sample, keep nothing, and return the table."""
    from evaluation.report.readme import headline

    config = parse(SAMPLE_CONFIG.read_text(encoding="utf-8"), overrides)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for method in config.methods:  # one after the other, so that something is seen
            for result in run(replace(config, methods=[method], out=folder), start=start):
                print(say(result), flush=True)
                found.append(result)
    return headline(found, [(name, ratio) for name in config.sets for ratio in config.ratios])


def options() -> argparse.Namespace:
    """Read the options."""
    made = parser(__doc__)
    made.add_argument("--config", type=Path, nargs="+", default=[CONFIG])
    made.add_argument(
        "--set", nargs="+", default=[], metavar="KEY=VALUE", help="replace a key, value in YAML"
    )
    made.add_argument("--data", metavar="FOLDER", help="folder of the sets, as --set data=FOLDER")
    made.add_argument("--python", help="interpreter of the named methods")
    made.add_argument("--fresh", action="store_true", help="measure again what has a result")
    made.add_argument("--sample", action="store_true", help="the sample in the repository; keeps no result")
    return made.parse_args()


def main() -> None:
    """Measure, then say what there is."""
    args = options()
    overrides = [*args.set, *([f"data={args.data}"] if args.data else [])]
    if args.sample:
        print(run_sample(overrides))
        return
    for path in args.config:
        config = parse(path.read_text(encoding="utf-8"), overrides)
        if not config.data_folder.is_dir():
            sys.exit(f"no sets in {config.data_folder}: --data FOLDER, or --sample")
        if args.python:
            config = replace(config, interpreters=dict.fromkeys(config.methods, args.python))
        for result in run(config, args.fresh):
            print(say(result))


if __name__ == "__main__":
    main()
