"""SemToken for LlamaIndex: a node postprocessor with its events, ingestion, and the tools of agents."""

from __future__ import annotations

from semtoken_rag._internal.optional import require

# Not `llama_index`: this package alone makes a namespace of that name.
require("llama_index.core", extra="llama-index")

from llama_index.postprocessor.semtoken.events import (  # noqa: E402  (the check above names the extra)
    CompressionEndEvent,
    CompressionStartEvent,
)
from llama_index.postprocessor.semtoken.ingestion import SemTokenIngestion  # noqa: E402  (the same)
from llama_index.postprocessor.semtoken.postprocessor import SemTokenPostprocessor  # noqa: E402  (the same)
from llama_index.postprocessor.semtoken.tools import SemTokenTools  # noqa: E402  (the same)

__all__ = [
    "CompressionEndEvent",
    "CompressionStartEvent",
    "SemTokenIngestion",
    "SemTokenPostprocessor",
    "SemTokenTools",
]
