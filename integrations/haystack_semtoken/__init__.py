"""SemToken for Haystack: a component between a retriever and a prompt builder."""

from __future__ import annotations

from semtoken_rag._internal.optional import require

require("haystack", extra="haystack")

from haystack_semtoken.compressor import SemTokenCompressor  # noqa: E402  (the check above names the extra)
from haystack_semtoken.settings import DocumentSettings  # noqa: E402

__all__ = ["DocumentSettings", "SemTokenCompressor"]
