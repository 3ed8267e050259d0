"""Stores: they keep fingerprints between calls, as bytes by key, in memory, in a file or on a server."""

from __future__ import annotations

from semtoken_rag.store.base import FingerprintStore
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.store.redis import RedisStore
from semtoken_rag.store.registry import resolve_store
from semtoken_rag.store.sqlite import SQLiteStore
from semtoken_rag.store.tiered import TieredStore

__all__ = ["FingerprintStore", "MemoryStore", "RedisStore", "SQLiteStore", "TieredStore", "resolve_store"]
