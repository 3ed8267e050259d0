"""The playground: a page on which to see what is kept of one's own documents, and what a local LLM says.

FastAPI serves one static page. Gradio and Streamlit are kits of ready widgets, and text whose every sentence
is marked, which a citation jumps into, is not among them. FastAPI has bounded uploads and streams that can be
cancelled, and a page of one's own runs under a policy that lets no document become a script.
"""

from __future__ import annotations

from semtoken_rag._optional import require

for _needed in ("fastapi", "uvicorn", "pypdf"):
    require(_needed, extra="ui")
