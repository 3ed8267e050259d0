"""Accelerators: seconds and bytes by attention kernel, share of the tokens and heavy hitters on top."""

from __future__ import annotations

from typing import Any

import torch

from evaluation.paper.jobs import Cell, Job
from evaluation.paper.measure_reader import Values, columns
from evaluation.paper.resources import Resources
from evaluation.readers import gpu, step
from evaluation.readers.perplexity import SPARE
from evaluation.readers.shapes import build
from semtoken_rag.paper.efficiency import SHAPES

WAYS = {"full": {}, "text": {}, "text + h2o": {"h2o": SPARE}}


def measure(job: Job, cell: Cell, resources: Resources) -> Values:
    """Time a prompt of random tokens, once to warm up and ``n`` times for the figures.

    The arm is ``WAY, KERNEL``: ``text + h2o, sdpa``. A reader of `SHAPES` has random weights and needs a GPU.
    """
    way, _, kernel = cell.arm.rpartition(", ")
    arm = gpu.Arm(cell.arm, read=cell.ratio, **WAYS[way])
    with torch.inference_mode():
        model = model_of(cell, kernel, resources, cell.context + job.tokens)
        gpu.measure(model, arm, cell.context, 1)
        runs = [gpu.measure(model, arm, cell.context, job.tokens) for _ in range(cell.n)]
    weights = sum(p.numel() * p.element_size() for p in model.parameters()) / 1e6
    return columns([figures(run, weights) for run in runs])


def figures(run: dict[str, Any], weights: float) -> dict[str, float]:
    """Return what the tables show of one run."""
    return {
        "tokens": float(run["tokens"]),
        "prefill_s": run["prefill_s"],
        "ms_per_token": run["ms_per_token"],
        "kv_mb": run["kv_bytes"] / 1e6,
        "weights_mb": weights,
    }


def model_of(cell: Cell, kernel: str, resources: Resources, positions: int) -> Any:
    """Return the reader with a kernel, or a shape on the GPU.

    Raises
    ------
    RuntimeError
        For a shape where there is no GPU.
    """
    shape = next((s for s in SHAPES if s.name == cell.reader), None)
    if shape is None:
        model = resources.reader(cell.reader).model
        model.set_attn_implementation(kernel)
        return model
    if not torch.cuda.is_available():
        raise RuntimeError("no GPU on this machine")
    return build(shape, positions + step.WARM_UP + 1, kernel, "cuda")
