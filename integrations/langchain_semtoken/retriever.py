"""A retriever that compresses what another one finds."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.retrievers import BaseRetriever, RetrieverLike
from pydantic import ConfigDict, model_validator

ALIASES = {"compressor": "base_compressor", "retriever": "base_retriever"}


class ContextualCompressionRetriever(BaseRetriever):
    """Retrieve, then compress. ``compressor=`` and ``retriever=`` work as well as the names of the fields.

    LangChain's own class of this name is in langchain-classic, with all that is left of LangChain before 1.0;
    this one has the same fields and needs langchain-core alone.

    Parameters
    ----------
    base_compressor : BaseDocumentCompressor
        Compresses what was found; it is not called if nothing was.
    base_retriever : Runnable
        Finds documents for a question. It gets the keyword arguments of `invoke`.

    Raises
    ------
    ValueError
        If both spellings of a part are given.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    base_compressor: BaseDocumentCompressor
    base_retriever: RetrieverLike

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if doubled := [alias for alias, name in ALIASES.items() if alias in data and name in data]:
            raise ValueError(f"give one of {doubled[0]} and {ALIASES[doubled[0]]}, got both: {sorted(data)}")
        return {ALIASES.get(name, name): value for name, value in data.items()}

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        found = self.base_retriever.invoke(query, {"callbacks": run_manager.get_child()}, **kwargs)
        if not found:
            return []
        return list(self.base_compressor.compress_documents(found, query, run_manager.get_child()))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        found = await self.base_retriever.ainvoke(query, {"callbacks": run_manager.get_child()}, **kwargs)
        if not found:
            return []
        return list(await self.base_compressor.acompress_documents(found, query, run_manager.get_child()))
