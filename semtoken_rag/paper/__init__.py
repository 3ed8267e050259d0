"""The SemToken paper as printed, for comparison: its algorithm, its baselines, its efficiency formulas."""

from __future__ import annotations

from semtoken_rag.paper.algorithm1 import PaperStrategy

__all__ = ["PaperStrategy"]
