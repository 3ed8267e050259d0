"""`SemTokenCompressor`: cuts the documents of a query to a token budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, BaseDocumentTransformer, Document
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from langchain_semtoken.events import asend, send
from langchain_semtoken.settings import DocumentSettings
from semtoken_rag.adapters.settings import PROMPT


class SemTokenCompressor(DocumentSettings, BaseDocumentCompressor, BaseDocumentTransformer):
    """Keep what the query needs of the retrieved documents, word for word, within one token budget.

    LangChain takes it as a compressor (`ContextualCompressionRetriever`, `DocumentCompressorPipeline`) and as
    a document transformer. The parameters are those of `semtoken_rag.adapters.SemTokenSettings` and of
    `langchain_semtoken.settings.DocumentSettings`. Results are copies, see
    `langchain_semtoken.documents.to_documents`.
    """

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """Compress documents for a query.

        Parameters
        ----------
        documents
            Retrieved documents, which are not changed.
        query
            The question. If it is blank, information density and redundancy decide.
        callbacks
            Receivers of the custom event ``semtoken``, which has the stats of the call.

        Returns
        -------
        list of Document
            Copies, best first or in the order that `Config` names; without a query in source order. Documents
            of which nothing is kept are left out, as are those without text, which the stats name.

        Raises
        ------
        Exception
            Any failure inside, under ``on_error="raise"``; by default the documents are cut to the budget.
        """
        compressed, context = self._compress(documents, query)
        send(context, callbacks)
        return compressed

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> list[Document]:
        """Compress documents without blocking the event loop; a cancelled call stops at its next batch.

        Parameters
        ----------
        documents
            Retrieved documents, which are not changed.
        query
            The question; may be blank.
        callbacks
            See `compress_documents`.

        Returns
        -------
        list of Document
            See `compress_documents`.
        """
        compressed, context = await self._acompress(documents, query)
        await asend(context, callbacks)
        return compressed

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Compress documents without a query."""
        return self._compress(documents, "")[0]

    async def atransform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Compress documents without a query and without blocking the event loop."""
        return (await self._acompress(documents, ""))[0]

    def as_runnable(self) -> Runnable[dict[str, Any], list[Document]]:
        """Return a runnable whose input is ``{"documents": [...], "query": "..."}``.

        Returns
        -------
        Runnable
            The step before a prompt: the best document comes last, next to the question, if `Config` names no
            other order.
        """

        def run(values: dict[str, Any], config: RunnableConfig) -> list[Document]:
            compressed, context = self._compress(values["documents"], values["query"], order=PROMPT)
            send(context, config.get("callbacks"))
            return compressed

        async def arun(values: dict[str, Any], config: RunnableConfig) -> list[Document]:
            compressed, context = await self._acompress(values["documents"], values["query"], order=PROMPT)
            await asend(context, config.get("callbacks"))
            return compressed

        return RunnableLambda(run, arun, name="semtoken")
