"""The SemToken paper as printed: its algorithm, its baselines and its efficiency figures."""

from __future__ import annotations

from semtoken_rag.paper.algorithm1 import PaperStrategy

__all__ = ["PaperStrategy"]
