"""What the paper's tables say, by their numbers; nothing here was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A row of table 4, which holds those of table 1; ``saved`` is in per cent of the tokens, as printed."""

    name: str
    saved: int
    ms: float
    kv_gb: float
    ppl: float
    f1: float
    em: float
    rouge_l: float
    memory_mb: int
    complexity: str


@dataclass(frozen=True, slots=True)
class Task:
    """A row of table 5: the figure of the task, its speed-up, and the memory that it saves in per cent."""

    saved: int | str
    quality: str
    speedup: float | str
    memory: int | str


NOTHING = Task("-", "-", "-", "-")


# Tables 1 and 4, by the arm that stands for the row here.
MAIN: Mapping[str, Row] = {
    "full": Row("BPE", 0, 61.2, 4.1, 17.3, 59.4, 42.1, 28.3, 2048, "O(n)"),
    "entropy-pruned": Row("Entropy-Pruned", 25, 48.4, 2.9, 18.2, 57.8, 41.6, 27.1, 1536, "O(n log n)"),
    "vq-tok": Row("VQ-Tok", 33, 47.9, 2.8, 18.0, 58.2, 41.2, 27.5, 1408, "O(n d)"),
    "tofu-tok": Row("TofuTok", 39, 39.3, 2.3, 18.4, 56.1, 40.4, 26.8, 1152, "O(n)"),
    "bpe-chunk": Row("BPE+Chunk", 42, 42.1, 2.4, 18.8, 55.2, 39.8, 26.2, 1200, "O(n)"),
    "semtoken": Row("SemToken", 59, 30.4, 1.5, 17.0, 59.9, 42.4, 28.7, 768, "O(n d)"),
}

# Table 2: perplexity on WikiText-103, ms a token, exact match on ChartQA.
ABLATION: Mapping[str, tuple[float, float, float]] = {
    "full": (17.0, 30.4, 65.4),
    "w/o clustering": (17.8, 37.9, 63.1),
    "w/o density scoring": (18.3, 38.5, 62.8),
    "w/o AR-budget": (18.1, 36.2, 62.4),
}

# Table 3, by the arm: tokens in per cent, ms a token, speed-up, KV cache in GB.
ACCELERATORS: Mapping[str, tuple[str, int, float, float, float]] = {
    "full, eager": ("BPE + vanilla attention", 100, 61.2, 1.0, 4.1),
    "full, sdpa": ("BPE + FlashAttention2", 98, 38.3, 1.6, 4.1),
    "text, eager": ("SemToken + vanilla attention", 47, 30.4, 2.0, 1.5),
    "text, sdpa": ("SemToken + FlashAttention2", 43, 22.5, 2.7, 1.5),
    "text + h2o, sdpa": ("SemToken + FlashAttention2 + H2O", 41, 18.7, 3.3, 1.2),
}

# Table 5, by task and arm.
SYSTEMS = ("full", "entropy-pruned", "vq-tok", "tofu-tok", "bpe-chunk", "semtoken")
_SAVED = (0, 25, 33, 39, 42, 59)
_SPEEDUP = (1.0, 1.3, 1.3, 1.6, 1.5, 2.0)
_MEMORY = (0, 29, 32, 44, 42, 63)


def _task(quality: tuple[str, ...]) -> Mapping[str, Task]:
    rows = zip(_SAVED, quality, _SPEEDUP, _MEMORY, strict=True)
    return dict(zip(SYSTEMS, (Task(*row) for row in rows), strict=True))


TASKS: Mapping[str, Mapping[str, Task]] = {
    "WikiText-103, PPL": _task(("17.3", "18.2", "18.0", "18.4", "18.8", "17.0")),
    "LongBench, F1 / EM": _task(
        ("59.4 / 42.1", "57.8 / 41.6", "58.2 / 41.2", "56.1 / 40.4", "55.2 / 39.8", "59.9 / 42.4")
    ),
    "BookSum, ROUGE-L": _task(("28.3", "27.1", "27.5", "26.8", "26.2", "28.7")),
    "ChartQA, EM": {
        **_task(("65.1", "64.2", "64.8", "63.5", "62.9", "-")),
        "semtoken": Task(61, "65.1", 1.8, 66),
    },
}

# Table 6, by model and way: tokens saved in per cent, ms a token, memory in GB, perplexity.
MODELS: Mapping[str, tuple[tuple[int, float, float, float], ...]] = {
    "LLaMA-2-7B": ((0, 61.2, 4.1, 17.3), (59, 30.4, 1.5, 17.0), (57, 22.5, 1.5, 17.0)),
    "GPT-J-6B": ((0, 58.7, 3.9, 18.1), (56, 29.8, 1.4, 17.8), (54, 21.9, 1.4, 17.8)),
    "GPT-NeoX-20B": ((0, 89.3, 12.4, 16.2), (58, 45.2, 5.2, 15.9), (55, 33.1, 5.2, 15.9)),
}

# The last row of table 1: tokens, ms a token, KV cache in GB, exact match on ChartQA.
VISION = (39, 33.5, 1.4, 65.1)
