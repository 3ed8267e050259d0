"""Explanations of a call: what was kept, what was dropped and why, as an HTML page or for a terminal."""

from __future__ import annotations

from semtoken_rag.explain.page import frame, page
from semtoken_rag.explain.views import DocumentView, Explanation, UnitView, explain

__all__ = ["DocumentView", "Explanation", "UnitView", "explain", "frame", "page"]
