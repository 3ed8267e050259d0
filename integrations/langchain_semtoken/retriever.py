"""LangChain's contextual compression retriever, with shorter names for its two parts."""

from __future__ import annotations

from typing import Any

from langchain_classic.retrievers import contextual_compression
from pydantic import model_validator

ALIASES = {"compressor": "base_compressor", "retriever": "base_retriever"}


class ContextualCompressionRetriever(contextual_compression.ContextualCompressionRetriever):
    """Retrieve, then compress. ``compressor=`` and ``retriever=`` work as well as LangChain's own names.

    Raises
    ------
    ValueError
        If both spellings of a part are given.
    """

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if doubled := [alias for alias, name in ALIASES.items() if alias in data and name in data]:
            raise ValueError(f"give one of {doubled[0]} and {ALIASES[doubled[0]]}, got both: {sorted(data)}")
        return {ALIASES.get(name, name): value for name, value in data.items()}
