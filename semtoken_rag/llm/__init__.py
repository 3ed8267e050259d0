"""What goes into a local LLM besides text: embeddings of the compressed context, and its pruned KV cache."""

from __future__ import annotations

from semtoken_rag._optional import require

require("torch", extra="llm")
_found = require("transformers", extra="llm").__version__
if int(_found.split(".")[0]) < 5:  # the caches of 4 are built in another way
    raise ImportError(f"transformers 5 or later is needed, found {_found}: pip install 'semtoken-rag[llm]'")
