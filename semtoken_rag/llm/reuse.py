"""Former path of `semtoken_rag.llm.kv.chunk_store`."""

from __future__ import annotations

import warnings

from semtoken_rag.llm.kv.chunk_store import ChunkKVCache

__all__ = ["ChunkStore"]

ChunkStore = ChunkKVCache

warnings.warn(
    "semtoken_rag.llm.reuse.ChunkStore is now semtoken_rag.llm.ChunkKVCache", DeprecationWarning, stacklevel=2
)
