"""The tables of docs/paper.md: what the paper says beside what was measured here.

Each stands between ``<!-- NAME -->`` and ``<!-- /NAME -->`` of the page; what is not measured is ``-``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evaluation.markdown import between, number, table
from evaluation.paper import published, retention_tables
from evaluation.paper.numbers import CUT, Results, pairs, percent, ratio_of, saved, say, signed
from evaluation.readers.runner import report

RATE = retention_tables.RATES[1]  # the paper's
MODELS = {
    "llama-2-7b": "LLaMA-2-7B",
    "gpt-j-6b": "GPT-J-6B",
    "gpt-neox-20b": "GPT-NeoX-20B",
    "smollm2": "SmolLM2-135M-Instruct",
    "gemma": "Gemma 3 270M",
}
WAYS = {
    "BPE": "full, eager",
    "SemToken": "text, eager",
    "SemToken + FlashAttention2 (here SDPA)": "text, sdpa",
}
CUT_OFF = ("last", "BPE, only its last tokens")  # what the paper does not compare with
SHOWN = {**{arm: row.name for arm, row in published.MAIN.items()}, "semtoken": "SemToken: the default rule"}


def arms() -> list[tuple[str, str, published.Row]]:
    """Return the rows of tables 1 and 4: arm, what it is called, and what is printed of it."""
    made = [(arm, SHOWN[arm], row) for arm, row in published.MAIN.items()]
    ours = published.MAIN["semtoken"]
    return [*made[:-1], ("paper", "SemToken: Algorithm 1 as printed", ours), made[-1]]


def main(results: Results) -> str:
    """Table 1."""
    head = ["method", *pairs("tokens, %", "ms a token"), "KV, GB, paper says", "KV, MB, here"]
    head += pairs("PPL", "F1", "EM")
    lines = []
    for arm, name, row in arms():
        if arm == "bpe-chunk":  # in table 4 only
            continue
        of = {"arm": arm, "set": results.name("lm")}
        lines.append(
            [
                name,
                100 - row.saved,
                say(percent(results.share("lm", "tokens", **of)), ".0f"),
                row.ms,
                say(results.mean("lm", "ms_per_token", **of)),
                row.kv_gb,
                say(results.mean("lm", "kv_mb", **of)),
                row.ppl,
                say(results.perplexity("lm", arm=arm)),
                row.f1,
                say(percent(results.mean("qa", "f1", arm=arm))),
                row.em,
                say(percent(results.mean("qa", "em", arm=arm))),
            ]
        )
    tokens, ms, kv, em = published.VISION
    share = say(percent(results.mean("pictures", "kept")), ".0f")
    lines.append(["+ Vision (ChartQA)", tokens, share, ms, "-", kv, "-", "-", "-", "-", "-", em, "-"])
    ink = number(results.mean("pictures", "drawn"), 3)
    read = f"Here: {results.rows('lm')}; F1 and EM: {results.rows('qa')}."
    seen = f"No model here reads images; the image tokens kept and those they stand for show {ink} of the ink"
    return f"{table(head, lines)}\n\n{read} {seen} ({results.rows('pictures')})."


def accelerators(results: Results) -> str:
    """Table 3."""
    head = ["configuration", *pairs("tokens, %", "ms a token", "speed-up")]
    head += ["KV, GB, paper says", "KV, MB, here", "prompt read, s, here", "speed-up of that, here"]
    base = {
        figure: results.mean("speed", figure, reader="smollm2", arm="full, eager")
        for figure in ("ms_per_token", "prefill_s", "tokens")
    }
    lines = []
    for arm, (name, share, ms, speedup, kv) in published.ACCELERATORS.items():
        mine = {f: results.mean("speed", f, reader="smollm2", arm=arm) for f in (*base, "kv_mb")}
        lines.append(
            [
                name,
                share,
                say(percent(ratio_of(mine["tokens"], base["tokens"])), ".0f"),
                ms,
                say(mine["ms_per_token"]),
                speedup,
                say(ratio_of(base["ms_per_token"], mine["ms_per_token"]), ".2f"),
                kv,
                say(mine["kv_mb"]),
                say(mine["prefill_s"]),
                say(ratio_of(base["prefill_s"], mine["prefill_s"]), ".2f"),
            ]
        )
    return f"{table(head, lines)}\n\nHere: SmolLM2-135M-Instruct, {results.rows('speed')}."


def comprehensive(results: Results) -> str:
    """Table 4: what table 1 does not have."""
    head = ["method", *pairs("compression, %", "PPL", "ROUGE-L"), "summary's words kept, here"]
    head += [
        "the same at 41 % of the tokens, here",
        *pairs("memory, MB"),
        "complexity, paper says",
        "ms a call without the encoder, here",
    ]
    weights = results.mean("speed", "weights_mb", reader="smollm2", arm="full, sdpa")
    lines = []
    for arm, name, row in arms():
        of = {"arm": arm, "set": results.name("lm")}
        cache = results.mean("lm", "kv_mb", **of)
        memory = None if weights is None or cache is None else weights + cache
        ratios = [1.0, 1.0] if arm == "full" else [round(1 - row.saved / 100, 2), RATE]
        lines.append(
            [
                name,
                row.saved,
                say(saved(results.share("lm", "tokens", **of)), ".0f"),
                row.ppl,
                say(results.perplexity("lm", arm=arm)),
                row.rouge_l,
                say(percent(results.mean("summaries", "rouge_l", arm=arm))),
                *(number(results.mean("recall", "recall", arm=arm, ratio=r)) for r in ratios),
                row.memory_mb,
                say(memory, ".0f"),
                row.complexity,
                say(results.median("systems", "ms", arm=arm, ratio=RATE)),
            ]
        )
    return (
        f"{table(head, lines)}\n\nHere: PPL: {results.rows('lm')}. ROUGE-L: {results.rows('summaries')}. "
        f"Content words: {results.rows('recall')}. Milliseconds: {results.rows('systems')}."
    )


def tasks(results: Results) -> str:
    """Table 5: every task; the speed-up is of a decode step, and of the first token with the compression."""
    head = ["task", "method", *pairs("compression, %", "quality"), "nats more than BPE, here"]
    head += [
        "speed-up, paper says",
        "of a token, here",
        "of the first token, here",
        *pairs("memory saved, %"),
    ]
    named, lines = [(arm, name) for arm, name, _ in arms()], []
    for task, (job, place, quality) in _tasks(results).items():
        of = {} if place is None else {"set": results.name(job, place)}
        for arm, name in (*named, *([CUT_OFF] if job == "lm" else ())):
            said = published.TASKS.get(task, {}).get("semtoken" if arm == "paper" else arm, published.NOTHING)
            share = {
                f: results.share(job, f, arm, **of) for f in ("tokens", "ms_per_token", "first_s", "kv_mb")
            }
            nats = results.difference(job, "nats", arm, "full", **of) if share["first_s"] else None
            lines.append(
                [
                    task,
                    name,
                    said.saved,
                    say(saved(share["tokens"]), ".0f"),
                    said.quality,
                    quality(arm),
                    signed(nats, 2),
                    said.speedup,
                    say(ratio_of(1.0, share["ms_per_token"]), ".2f"),
                    say(ratio_of(1.0, share["first_s"]), ".2f"),
                    said.memory,
                    say(saved(share["kv_mb"]), ".0f"),
                ]
            )
    where = "; ".join(filter(None, map(results.rows, ("lm", "qa", "summaries"))))
    return f"{table(head, lines)}\n\nHere: {where}."


def _tasks(results: Results) -> dict[str, tuple[str, int | None, Callable[[str], str]]]:
    """Task to job, place of its set (None: all of them) and how to write the quality of an arm."""

    def perplexity(arm: str, place: int) -> str:
        return say(results.perplexity("lm", place, arm=arm))

    def answers(arm: str) -> str:
        return " / ".join(say(percent(results.mean("qa", figure, arm=arm))) for figure in ("f1", "em"))

    def summary(arm: str) -> str:
        return say(percent(results.mean("summaries", "rouge_l", arm=arm)))

    books = {"PG19, PPL": ("lm", 1, lambda arm: perplexity(arm, 1))} if len(results.sets("lm")) > 1 else {}
    return {
        "WikiText-103, PPL": ("lm", 0, lambda arm: perplexity(arm, 0)),
        **books,
        "LongBench, F1 / EM": ("qa", None, answers),
        "BookSum, ROUGE-L": ("summaries", None, summary),
        "ChartQA, EM": ("charts", None, lambda arm: "-"),
    }


def models(results: Results) -> str:
    """Table 6: the paper's models as shapes with random weights, and the readers at hand."""
    head = ["model", "method", *pairs("compression, %", "ms a token"), "memory, GB, paper says"]
    head += ["KV, MB, here", *pairs("PPL"), "prompt read, s, here"]
    lines: list[list[Any]] = []
    for reader, model in MODELS.items():
        said = published.MODELS.get(model, [("-",) * 4] * 3)
        for (way, arm), (less, ms, memory, ppl) in zip(WAYS.items(), said, strict=True):
            of = {"reader": reader, "arm": arm}
            share = results.share("speed", "tokens", arm, "full, eager", reader=reader)
            quality = {"arm": "full" if way == "BPE" else "semtoken", "reader": reader}
            lines.append(
                [
                    model,
                    way,
                    less,
                    say(saved(share), ".0f"),
                    ms,
                    say(results.mean("speed", "ms_per_token", **of)),
                    memory,
                    say(results.mean("speed", "kv_mb", **of)),
                    ppl,
                    say(results.perplexity("models" if reader == "gemma" else "lm", **quality)),
                    say(results.mean("speed", "prefill_s", **of)),
                ]
            )
    return f"{table(head, lines)}\n\nHere: times: {results.rows('speed')}; PPL: {results.rows('models')}."


def cache(results: Results, *jobs: str) -> str:
    """Return the table of jobs that compare the ways a reader takes the same context."""
    given = [
        {**r, "set": r["set"] if job in CUT else f"{r['set']}, {r['context']:,}"}
        for job in jobs
        for r in results.of(job)
    ]
    where = "; ".join(filter(None, map(results.rows, jobs)))
    return f"{report(given)}\n\nHere: SmolLM2-135M-Instruct, {where}." if given else "Not measured."


TABLES: Mapping[str, Callable[[Results], str]] = {
    "table 1": main,
    "table 2": retention_tables.ablation,
    "table 3": accelerators,
    "table 4": comprehensive,
    "table 5": tasks,
    "table 6": models,
    "systems": retention_tables.systems,
    "recall": retention_tables.recall,
    "kv lm": lambda results: cache(results, "kv_lm", "kv_lm_long"),
    "kv qa": lambda results: cache(results, "kv_qa"),
}


def render(page: Path, results: Results) -> None:
    """Write the tables into the page, where it has their markers."""
    text = page.read_text(encoding="utf-8")
    for name, made in TABLES.items():
        text = between(text, made(results), name)
    page.write_text(text, encoding="utf-8")
