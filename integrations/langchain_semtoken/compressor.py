"""`SemTokenCompressor`: the documents of a query, cut to a token budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, BaseDocumentTransformer, Document
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from langchain_semtoken.events import asend, send
from langchain_semtoken.settings import DocumentSettings


class SemTokenCompressor(DocumentSettings, BaseDocumentCompressor, BaseDocumentTransformer):
    """Keep what the query needs of the retrieved documents, word for word, within one token budget.

    It fits wherever LangChain takes a compressor (`ContextualCompressionRetriever`,
    `DocumentCompressorPipeline`) or a document transformer. Parameters: see
    `semtoken_rag.adapters.settings.SemTokenSettings`. Results are copies; see
    `langchain_semtoken.documents.to_documents` for what they carry.
    """

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """Compress for a query; a blank query compresses by information density and redundancy.

        Returns
        -------
        list of Document
            Copies in the order that `Config` names; those of which nothing is kept are left out.
        """
        compressed, context = self._compress(documents, query)
        send(context, callbacks)
        return compressed

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """Compress while the event loop goes on; where it is cancelled, the work stops at its next batch."""
        compressed, context = await self._acompress(documents, query)
        await asend(context, callbacks)
        return compressed

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Compress without a query."""
        return self._compress(documents, "")[0]

    async def atransform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Compress without a query, while the event loop goes on."""
        return (await self._acompress(documents, ""))[0]

    def as_runnable(self) -> Runnable[dict[str, Any], list[Document]]:
        """Return a runnable over ``{"documents": [...], "query": "..."}``."""

        def run(values: dict[str, Any], config: RunnableConfig) -> list[Document]:
            return self.compress_documents(values["documents"], values["query"], config.get("callbacks"))

        async def arun(values: dict[str, Any], config: RunnableConfig) -> list[Document]:
            return await self.acompress_documents(
                values["documents"], values["query"], config.get("callbacks")
            )

        return RunnableLambda(run, arun, name="semtoken")
