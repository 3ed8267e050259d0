"""What goes into a local LLM besides text: embeddings of the compressed context, and its pruned KV cache."""

from __future__ import annotations

from semtoken_rag._optional import require

require("torch", extra="torch")
_found = require("transformers", extra="torch").__version__
if int(_found.split(".")[0]) < 5:  # the caches of 4 are built in another way
    raise ImportError(f"semtoken_rag.llm needs transformers 5 or later, found {_found}")
