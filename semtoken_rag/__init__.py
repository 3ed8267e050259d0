"""semtoken-rag: semantic-aware token compression between the retriever and a local LLM."""

from __future__ import annotations

from semtoken_rag.budget import Budget
from semtoken_rag.compressor import SemToken
from semtoken_rag.config import Config
from semtoken_rag.context import CompressedContext
from semtoken_rag.errors import DeadlineExceeded, Overloaded
from semtoken_rag.result import CompressedChunk, Piece, Stats, UnitReport
from semtoken_rag.types import Chunk, Granularity

__version__ = "0.1.0"

__all__ = [
    "Budget",
    "Chunk",
    "CompressedChunk",
    "CompressedContext",
    "Config",
    "DeadlineExceeded",
    "Granularity",
    "Overloaded",
    "Piece",
    "SemToken",
    "Stats",
    "UnitReport",
]
