"""The KV cache of a local LLM: what of a prompt it keeps, by a plan, a policy and a budget."""

from __future__ import annotations

from semtoken_rag.llm.kv.cache import SpanCache
from semtoken_rag.llm.kv.chunk_store import ChunkKVCache
from semtoken_rag.llm.kv.eviction import Eviction
from semtoken_rag.llm.kv.heavy_hitters import HeavyHitters
from semtoken_rag.llm.kv.plan import KVBudget, Plan
from semtoken_rag.llm.kv.policy import Policy
from semtoken_rag.llm.kv.span_relevance import SpanRelevance

ChunkStore = ChunkKVCache

__all__ = [
    "ChunkKVCache",
    "ChunkStore",
    "Eviction",
    "HeavyHitters",
    "KVBudget",
    "Plan",
    "Policy",
    "SpanCache",
    "SpanRelevance",
]
