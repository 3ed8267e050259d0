"""SemToken for LangChain: a document compressor, a document transformer and a compressing retriever."""

from __future__ import annotations

from semtoken_rag._optional import require

for _module in ("langchain_core", "langchain_classic"):
    require(_module, extra="langchain")

from langchain_semtoken.compressor import SemTokenCompressor  # noqa: E402  (the check above names the extra)
from langchain_semtoken.retriever import ContextualCompressionRetriever  # noqa: E402
from langchain_semtoken.transformer import SemTokenTransformer  # noqa: E402

__all__ = ["ContextualCompressionRetriever", "SemTokenCompressor", "SemTokenTransformer"]
