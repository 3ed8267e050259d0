"""What goes into a local LLM besides text: embeddings of the compressed context, and its pruned KV cache."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from semtoken_rag._internal.optional import require

require("torch", extra="llm")
_found = require("transformers", extra="llm").__version__
if int(_found.split(".")[0]) < 5:  # the caches of 4 are built in another way
    raise ImportError(f"transformers 5 or later is needed, found {_found}: pip install 'semtoken-rag[llm]'")

if TYPE_CHECKING:
    from semtoken_rag.llm.answer import Answer, AnswerStats, Stream
    from semtoken_rag.llm.generate import SemTokenLLM
    from semtoken_rag.llm.kv import ChunkKVCache, HeavyHitters, KVBudget, Policy, SpanCache, SpanRelevance
    from semtoken_rag.llm.merge import Drop, Medoid, Merger
    from semtoken_rag.llm.modes import KV, Mode, Soft, Text
    from semtoken_rag.llm.prompt import Template
    from semtoken_rag.llm.sampling import Sampler
    from semtoken_rag.llm.settings import Settings
    from semtoken_rag.llm.soft import SoftPrompt

# Each name is imported when it is used: all of them together take seconds.
_MODULES = {
    "answer": ("Answer", "AnswerStats", "Stream"),
    "generate": ("SemTokenLLM",),
    "kv": ("ChunkKVCache", "HeavyHitters", "KVBudget", "Policy", "SpanCache", "SpanRelevance"),
    "merge": ("Drop", "Medoid", "Merger"),
    "modes": ("KV", "Mode", "Soft", "Text"),
    "prompt": ("Template",),
    "sampling": ("Sampler",),
    "settings": ("Settings",),
    "soft": ("SoftPrompt",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "KV",
    "Answer",
    "AnswerStats",
    "ChunkKVCache",
    "Drop",
    "HeavyHitters",
    "KVBudget",
    "Medoid",
    "Merger",
    "Mode",
    "Policy",
    "Sampler",
    "SemTokenLLM",
    "Settings",
    "Soft",
    "SoftPrompt",
    "SpanCache",
    "SpanRelevance",
    "Stream",
    "Template",
    "Text",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
