"""The service: compression, reranking and a proxy in front of an OpenAI-compatible server, over HTTP."""

from __future__ import annotations

from semtoken_rag._internal.optional import require

for _needed in ("fastapi", "uvicorn", "httpx", "prometheus_client"):
    require(_needed, extra="serve")
