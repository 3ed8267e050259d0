"""Speed and memory by shape: ``python -m evaluation.readers.gpu --out FOLDER``.

Builds models of the shapes of Llama-2-7B, GPT-J-6B and GPT-NeoX-20B with random weights, since speed and
memory do not depend on trained ones, and measures reading a prompt, decoding after it, and the KV cache:

- ``full``: the whole prompt; ``text R``: a prompt of the share R of it; ``kv R``: the whole prompt read, the
  keys and values of R of it kept, in runs as SemToken keeps sentences;
- each with and without ``h2o S``, which keeps the share S of what is left by attention received, over the
  last queries of the prompt and all after it;
- each with the kernels ``eager``, ``sdpa``, ``flash`` (PyTorch's own FlashAttention) or, where it is
  installed, ``flash_attention_2``;
- decode steps of many sequences at once, as CUDA graphs, see `evaluation.readers.step`.

Beside each figure stands what `semtoken_rag.paper.efficiency` predicts: ``1 / r``, the paper's, and the
shape's own. What does not fit into memory, or into ``--minutes``, is a result with that reason. Without a GPU
a small version of it runs on the CPU, in float32, to show that it runs: its times say nothing about a GPU.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from evaluation.data.options import parser
from evaluation.markdown import table
from evaluation.readers import step
from evaluation.readers.shapes import SMALL, attending, build
from evaluation.results import write_document
from evaluation.system import machine, seconds, versions
from semtoken_rag.encoders.device import without_cudnn_attention
from semtoken_rag.llm.decode import synchronize
from semtoken_rag.llm.kv import Eviction, HeavyHitters, KVBudget, Plan, SpanCache
from semtoken_rag.llm.kv.attention import attach
from semtoken_rag.paper.efficiency import SHAPES, Shape, compute_gain

RUN = 32  # tokens of a kept run
OBSERVED = 128  # queries of the prompt that heavy hitters are counted over


@dataclass(frozen=True, slots=True)
class Arm:
    """One row: how much of the prompt is read, how much of that is kept, and by heavy hitters of that."""

    name: str
    read: float = 1.0
    keep: float = 1.0
    h2o: float = 1.0

    @property
    def held(self) -> float:
        """Share of the full prompt that the cache holds."""
        return self.read * self.keep * self.h2o


def arms(ratios: list[float], h2o: float) -> list[Arm]:
    """Full, text and KV at each ratio, without and with heavy hitters."""
    plain = [Arm("full"), *(Arm(f"text {r:g}", read=r) for r in ratios)]
    plain += [Arm(f"kv {r:g}", keep=r) for r in ratios]
    return plain + [replace(arm, name=f"{arm.name} + h2o {h2o:g}", h2o=h2o) for arm in plain]


def cache_of(model: Any, arm: Arm, tokens: int) -> SpanCache:
    """Cache of an arm; runs of tokens stay at even distances, the last run always."""
    runs = torch.arange(tokens) // RUN
    last = int(runs[-1])
    chosen = torch.linspace(last, 0, max(1, round(arm.keep * (last + 1)))).round().long()
    kept = torch.isin(runs, chosen)
    spans = torch.where(runs == last, -1, runs)[None]
    if arm.h2o < 1:
        eviction = Eviction(HeavyHitters(last=OBSERVED), KVBudget(ratio=arm.keep * arm.h2o))
        return SpanCache(model.config, Plan(spans, kept[None]), eviction=eviction)
    return SpanCache(model.config, Plan(spans, kept[None]) if arm.keep < 1 else None)


@torch.inference_mode()
def measure(model: Any, arm: Arm, context: int, steps: int) -> dict[str, Any]:
    """Read a prompt of random tokens, decode after it, and return seconds and bytes."""
    tokens = max(RUN, round(arm.read * context))
    cuda = model.device.type == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    vocabulary = model.config.vocab_size
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(vocabulary, (1, tokens), generator=generator).to(model.device)
    last = {} if "GPTJ" in type(model).__name__ else {"logits_to_keep": 1}
    times = []
    with attach(model, cache_of(model, arm, tokens)) as cache, without_cudnn_attention(model.device):
        synchronize(model)
        start = seconds()
        where = torch.arange(tokens, device=model.device)[None]
        model(ids, position_ids=where, past_key_values=cache, use_cache=True, **last)
        synchronize(model)
        prefill, held = seconds() - start, cache.kv_bytes
        for place in range(step.WARM_UP + steps):
            synchronize(model)
            start = seconds()
            model(ids[:, :1], position_ids=where[:, -1:] + 1 + place, past_key_values=cache, use_cache=True)
            synchronize(model)
            times.append(seconds() - start)
    return {
        "tokens": tokens,
        "prefill_s": prefill,
        "ms_per_token": 1000 * statistics.median(times[step.WARM_UP :]),
        "kv_bytes": held,
        "peak_bytes": torch.cuda.max_memory_allocated() if cuda else None,
    }


def predicted(shape: Shape, arm: Arm, context: int, itemsize: int) -> dict[str, float]:
    """Return what the formulas say of an arm, relative to the full prompt with the same kernel."""
    return {
        "one_over_r": compute_gain(arm.held),
        "prefill": shape.prefill_gain(context, arm.read),
        "decode": shape.decode_gain(context, arm.held, itemsize=itemsize),
        "kv_bytes": shape.kv_bytes(round(context * arm.held), itemsize=itemsize),
    }


def tried(make: Callable[[], dict[str, Any]], stop: float) -> dict[str, Any]:
    """Return the figures of a measurement, or why there are none."""
    if time.perf_counter() > stop:
        return {"status": "failed", "reason": "no time left"}
    try:
        return {"status": "ok", **make()}
    except torch.OutOfMemoryError:
        return {"status": "failed", "reason": "out of memory"}
    except (ValueError, RuntimeError, ImportError) as error:  # a kernel that cannot do it, or is not there
        return {"status": "failed", "reason": f"{type(error).__name__}: {error}"[:300]}
    finally:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def repeated(model: Any, arm: Arm, context: int, args: argparse.Namespace) -> dict[str, Any]:
    """Measure one arm once to warm up and then ``--repeats`` times; medians."""
    measure(model, arm, context, 1)
    runs = [measure(model, arm, context, args.steps) for _ in range(args.repeats)]
    middle = {name: statistics.median(r[name] for r in runs) for name in ("prefill_s", "ms_per_token")}
    return {**runs[-1], **middle}


def measured(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the results of each shape and kernel, which have equal parts of the time that is left."""
    models = list(itertools.product(args.shapes, args.kernels))
    end = time.perf_counter() + 60 * args.minutes
    for place, (shape, kernel) in enumerate(tqdm(models, unit="model", disable=None)):
        now = time.perf_counter()
        stop = now + (end - now) / (len(models) - place)
        with attending(kernel):
            for result in of_model(shape, kernel, stop, args):
                yield {"shape": asdict(shape), "kernel": kernel, **result}


def of_model(shape: Shape, kernel: str, stop: float, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield a result a context, batch and share held, of a step alone, and one a context and arm."""
    itemsize = 2 if args.device == "cuda" else 4
    positions = max(args.contexts) + args.steps + 8
    built = tried(lambda: {"model": build(shape, positions, kernel, args.device)}, stop)
    model = built.pop("model", None)

    def figures(measure: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
        return built if model is None else tried(partial(measure, model, *given), stop)

    for context, batch, held in itertools.product(args.contexts, args.batches, [1.0, *args.ratios]):
        yield {
            **{"context": context, "batch": batch, "held": held},
            **figures(step.measure, batch, round(held * context), args.steps),
            "predicted": {"decode": shape.decode_gain(batch * context, held, itemsize=itemsize)},
        }
    for context, arm in itertools.product(args.contexts, arms(args.ratios, args.h2o)):
        yield {
            **{"context": context, "arm": asdict(arm)},
            **figures(repeated, arm, context, args),
            "predicted": predicted(shape, arm, context, itemsize),
        }


def report(results: list[dict[str, Any]]) -> str:
    """Two tables: prompts and the steps after them, and steps of many sequences alone."""
    arms = [r for r in results if "arm" in r]
    steps = [r for r in results if "arm" not in r]
    return "\n\n".join(made(given) for made, given in ((report_arms, arms), (report_steps, steps)) if given)


def report_steps(results: list[dict[str, Any]]) -> str:
    """Measured beside predicted, and the paper's ``1 / r``: gains over the full cache of the same batch."""
    of = {(r["shape"]["name"], r["kernel"], r["context"], r["batch"], r["held"]): r for r in results}
    head = ["model, kernel", "context", "batch", "held", "ms a step", "gain", "predicted", "1 / r", "KV GB"]
    lines = []
    for (shape, kernel, context, batch, held), r in of.items():
        start = [f"{shape} {kernel}", context, batch, f"{held:g}"]
        if r["status"] != "ok":
            lines.append([*start, r["reason"], *[""] * 4])
            continue
        gain = _gain(of[shape, kernel, context, batch, 1.0], r, "ms_per_step")
        lines.append(
            [
                *start,
                f"{r['ms_per_step']:.2f}",
                gain,
                f"{r['predicted']['decode']:.2f}",
                f"{compute_gain(held):.2f}",
                f"{r['kv_bytes'] / 1e9:.2f}",
            ]
        )
    return table(head, lines)


def report_arms(results: list[dict[str, Any]]) -> str:
    """Measured beside predicted: gains over the full prompt with the same kernel, and over full and eager."""
    of = {(r["shape"]["name"], r["kernel"], r["context"], r["arm"]["name"]): r for r in results}
    head = ["model, kernel", "context", "arm", "prefill s", "gain", "predicted", "ms a token", "gain"]
    head += ["predicted", "1 / r", "KV MB", "predicted", "over full and eager"]
    lines = []
    for (shape, kernel, context, name), r in of.items():
        start = [f"{shape} {kernel}", context, name]
        if r["status"] != "ok":
            lines.append([*start, r["reason"], *[""] * 9])
            continue
        said, base = r["predicted"], of[shape, kernel, context, "full"]
        slow = of.get((shape, "eager", context, "full"), {})
        lines.append(
            [
                *start,
                f"{r['prefill_s']:.3f}",
                _gain(base, r, "prefill_s"),
                f"{said['prefill']:.2f}",
                f"{r['ms_per_token']:.2f}",
                _gain(base, r, "ms_per_token"),
                f"{said['decode']:.2f}",
                f"{said['one_over_r']:.2f}",
                f"{r['kv_bytes'] / 1e6:.1f}",
                f"{said['kv_bytes'] / 1e6:.1f}",
                _gain(slow, r, "ms_per_token"),
            ]
        )
    return table(head, lines)


def _gain(base: dict[str, Any], result: dict[str, Any], name: str) -> str:
    return f"{base[name] / result[name]:.2f}" if name in base else "-"


def options() -> argparse.Namespace:
    """Read the options; without a GPU, tiny shapes and short contexts."""
    made = parser(__doc__)
    names = [s.name for s in SHAPES]
    made.add_argument("--models", nargs="+", choices=names, default=names)
    made.add_argument("--contexts", nargs="+", type=int, help="default: 4096, 16384 and 32768; 512 on a CPU")
    made.add_argument("--batches", nargs="+", type=int, default=[1, 8, 16], help="of the steps alone")
    made.add_argument("--kernels", nargs="+", default=["flash", "eager"])
    made.add_argument("--ratios", nargs="+", type=float, default=[0.4])
    made.add_argument("--h2o", type=float, default=0.8, help="share that heavy hitters leave")
    made.add_argument("--steps", type=int, default=16, help="decode steps that are timed")
    made.add_argument("--repeats", type=int, default=1)
    made.add_argument("--minutes", type=float, default=10, help="in all; what is left out says so")
    made.add_argument("--out", type=Path, help="folder for gpu.json and gpu.md")
    args = made.parse_args()
    args.device = "cuda" if torch.cuda.is_available() else "cpu"
    cuda = args.device == "cuda"
    args.contexts = args.contexts or ([4096, 16384, 32768] if cuda else [512])
    args.shapes = [s if cuda else replace(s, **SMALL) for s in SHAPES if s.name in args.models]
    return args


def main() -> None:
    """Measure, print the table, and write it."""
    args = options()
    if args.device == "cpu":
        print("No GPU: tiny shapes on the CPU, to show that it runs. The times say nothing about a GPU.\n")
    results = list(measured(args))
    said = report(results)
    print(said)
    if args.out:
        device = torch.cuda.get_device_name() if args.device == "cuda" else "cpu"
        about = {"device": device, "weights": "random", "machine": machine(), "versions": versions(())}
        args.out.mkdir(parents=True, exist_ok=True)
        write_document(args.out / "gpu.json", {**about, "results": results})
        (args.out / "gpu.md").write_text(f"{json.dumps(about)}\n\n{said}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
