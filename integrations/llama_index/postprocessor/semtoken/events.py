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
        The question; empty where there is none.
    nodes : list of NodeWithScore
        As they were retrieved.
    ratio, max_tokens
        The budget.
    """

    query: str
    nodes: list[NodeWithScore]
    ratio: float | None = None
    max_tokens: int | None = None

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name."""
        return "CompressionStartEvent"


class CompressionEndEvent(BaseEvent):
    """A compression has ended.

    Parameters
    ----------
    nodes : list of NodeWithScore
        What is left.
    tokens_before, tokens_after, budget : int
        Tokens of the reader.
    encoder : str
        Who made the fingerprints.
    seconds : dict of str to float
        Of each stage.
    fallback : str, optional
        Why the result is not the encoder's, see `semtoken_rag.render.Stats`; None where all went well.
    stored : int
        Nodes whose fingerprints came from the store.
    store_failure : str, optional
        What went wrong with the store, which changes nothing else.
    """

    nodes: list[NodeWithScore]
    tokens_before: int
    tokens_after: int
    budget: int
    encoder: str
    seconds: dict[str, float] = Field(default_factory=dict)
    fallback: str | None = None
    stored: int = 0
    store_failure: str | None = None

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name."""
        return "CompressionEndEvent"
