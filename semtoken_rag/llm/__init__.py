"""What goes into a local LLM besides text: embeddings of the compressed context, and its pruned KV cache."""

from __future__ import annotations

from semtoken_rag._optional import require

for _module in ("torch", "transformers"):
    require(_module, extra="torch")
