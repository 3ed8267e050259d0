"""The playground: a page that shows what is kept of your documents, and what a local LLM answers from it.

FastAPI serves one static page. Gradio and Streamlit offer ready widgets, but none in which every sentence is
marked and a citation jumps to one. FastAPI has bounded uploads and streams that can be cancelled, and our own
page runs under a strict Content-Security-Policy, so that no document becomes a script.
"""

from __future__ import annotations

from semtoken_rag._internal.optional import require

for _needed in ("fastapi", "uvicorn", "pypdf"):
    require(_needed, extra="ui")
