"""SemToken for LangChain: compressor, transformer, compressing retriever, and a middleware for agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semtoken_rag._internal.optional import require

require("langchain_core", extra="langchain")

from langchain_semtoken.compressor import SemTokenCompressor  # noqa: E402  (the check above names the extra)
from langchain_semtoken.retriever import ContextualCompressionRetriever  # noqa: E402  (the same)
from langchain_semtoken.transformer import SemTokenTransformer  # noqa: E402  (the same)

if TYPE_CHECKING:
    from langchain_semtoken.middleware import SemTokenMiddleware

__all__ = [
    "ContextualCompressionRetriever",
    "SemTokenCompressor",
    "SemTokenMiddleware",
    "SemTokenTransformer",
]


def __getattr__(name: str) -> Any:
    """Import the middleware when it is asked for: it needs langchain, the others do not."""
    if name == "SemTokenMiddleware":
        from langchain_semtoken.middleware import SemTokenMiddleware

        return SemTokenMiddleware
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
