"""Settings and metadata that the LangChain and LlamaIndex adapters share."""

from __future__ import annotations

from semtoken_rag.adapters.settings import SemTokenSettings

__all__ = ["SemTokenSettings"]
