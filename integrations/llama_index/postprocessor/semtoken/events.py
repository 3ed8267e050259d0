"""Instrumentation events of a compression, for LlamaIndex's event handlers."""

from __future__ import annotations

from llama_index.core.instrumentation.events.base import BaseEvent
from llama_index.core.schema import NodeWithScore
from pydantic import Field


class CompressionStartEvent(BaseEvent):
    """A compression begins.

    Parameters
    ----------
    query : str
        The question; empty if there is none.
    nodes : list of NodeWithScore
        Nodes as they were retrieved.
    ratio, max_tokens, keep
        The budget; see `semtoken_rag.adapters.SemTokenSettings`.
    """

    query: str
    nodes: list[NodeWithScore]
    ratio: float | None = None
    max_tokens: int | None = None
    keep: float | None = None

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name."""
        return "CompressionStartEvent"


class CompressionEndEvent(BaseEvent):
    """A compression has ended.

    Parameters
    ----------
    nodes : list of NodeWithScore
        The nodes that are left.
    tokens_before, tokens_after, budget, encoder, counter, seconds, fallback, stored, markers
        See `semtoken_rag.Stats`.
    store_failure, skipped, keep, confidence, cut_by, answerable, abstained, device, total_seconds
        See `semtoken_rag.Stats`.
    ratio, saved, factor
        See `semtoken_rag.Stats`.
    """

    nodes: list[NodeWithScore]
    tokens_before: int
    tokens_after: int
    budget: int
    encoder: str
    counter: str
    seconds: dict[str, float] = Field(default_factory=dict)
    fallback: str | None = None
    stored: int = 0
    markers: dict[str, int] = Field(default_factory=dict)
    store_failure: str | None = None
    skipped: list[str] = Field(default_factory=list)
    keep: float | None = None
    confidence: float | None = None
    cut_by: str | None = None
    answerable: float | None = None
    abstained: bool = False
    device: str | None = None
    total_seconds: float = 0.0
    ratio: float = 1.0
    saved: int = 0
    factor: float | None = 1.0

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name."""
        return "CompressionEndEvent"
