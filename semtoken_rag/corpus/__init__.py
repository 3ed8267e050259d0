"""Boilerplate and copies, which only a whole corpus can show."""

from __future__ import annotations

from semtoken_rag.corpus.copies import Copies
from semtoken_rag.corpus.novelty import CorpusNovelty

__all__ = ["Copies", "CorpusNovelty"]
