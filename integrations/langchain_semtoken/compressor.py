"""`SemTokenCompressor`: cuts the documents of a query to a token budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, BaseDocumentTransformer, Document
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.runnables.config import (
    ensure_config,
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
)

from langchain_semtoken.events import asend, send
from langchain_semtoken.settings import DocumentSettings
from semtoken_rag import CompressedContext
from semtoken_rag.adapters.settings import PROMPT, RETRIEVED
from semtoken_rag.engine.tracing import figures, shows_text


class SemTokenCompressor(DocumentSettings, BaseDocumentCompressor, BaseDocumentTransformer):
    """Keep what the query needs of the retrieved documents, word for word, within one token budget.

    It is a document compressor, which a `ContextualCompressionRetriever` takes, and a document transformer.

    Setup
    -----
    ```bash
    pip install langchain-semtoken
    ```

    There is no key to set: the trained encoder is in the package, and runs on this machine.

    Key init args
    -------------
    max_tokens : int, optional
        Most tokens to keep, of all documents of a call together.
    ratio : float, optional
        Share of the tokens to keep; 0.4 if neither it nor ``max_tokens`` is given.
    keep : float, optional
        Chance that nothing wanted is lost: no more tokens are kept than it takes.
    min_relevance : float, optional
        Chance that the documents answer the question, below which none is returned.
    token_counter : callable, tokenizer or None
        How the reader counts tokens; None counts as the encoder does.
    encoder : str, model or Encoder
        ``"auto"``, ``"static"``, a sentence-transformers model, or the embeddings that you run already.
    store : str, ByteStore or None
        Keeps what was computed of a document for the next question.

    These and the others are described in `semtoken_rag.adapters.SemTokenSettings` and
    `langchain_semtoken.settings.DocumentSettings`.

    Instantiate
    -----------
    ```python
    from langchain_semtoken import SemTokenCompressor

    compressor = SemTokenCompressor(max_tokens=8)
    ```

    Invoke
    ------
    ```python
    from langchain_core.documents import Document

    found = [Document("The tower opened in 1889. It rained."), Document("Bread is made of flour.")]
    kept = compressor.compress_documents(found, "When did the tower open?")
    print(kept[0].page_content)
    ```

    ```text
    The tower opened in 1889.
    ```

    Behind a retriever of yours, as one step:

    ```python
    from langchain_semtoken import ContextualCompressionRetriever

    compressing = ContextualCompressionRetriever(compressor=compressor, retriever=retriever)
    kept = compressing.invoke("When did the tower open?")
    ```

    Results are copies, see `langchain_semtoken.documents.to_documents`.
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
            Receivers of the run of the compression, and, inside another run, of the custom event
            ``semtoken``, which has the stats of the call.

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
        return self._step(documents, query, callbacks)

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
        return await self._astep(documents, query, callbacks)

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
            given, question = values["documents"], values["query"]
            return self._step(given, question, config.get("callbacks"), order=PROMPT)

        async def arun(values: dict[str, Any], config: RunnableConfig) -> list[Document]:
            given, question = values["documents"], values["query"]
            return await self._astep(given, question, config.get("callbacks"), order=PROMPT)

        return RunnableLambda(run, arun, name="semtoken")

    def _step(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks, *, order: str = RETRIEVED
    ) -> list[Document]:
        """Compress as a run of its own, a child of the run that the callbacks or the context name."""
        config = ensure_config({"callbacks": callbacks})
        manager = get_callback_manager_for_config(config)
        step = manager.on_chain_start(None, self._inputs(documents, query), name=type(self).__name__)
        try:
            compressed, context = self._compress(documents, query, order=order)
        except BaseException as error:
            step.on_chain_error(error)
            raise
        step.on_chain_end(self._outputs(compressed, context))
        send(context, callbacks)
        return compressed

    async def _astep(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks, *, order: str = RETRIEVED
    ) -> list[Document]:
        """Do the same without blocking the event loop."""
        config = ensure_config({"callbacks": callbacks})
        manager = get_async_callback_manager_for_config(config)
        step = await manager.on_chain_start(None, self._inputs(documents, query), name=type(self).__name__)
        try:
            compressed, context = await self._acompress(documents, query, order=order)
        except BaseException as error:
            await step.on_chain_error(error)
            raise
        await step.on_chain_end(self._outputs(compressed, context))
        await asend(context, callbacks)
        return compressed

    def _inputs(self, documents: Sequence[Document], query: str) -> dict[str, Any]:
        """Return what the run shows of its input: the budget and the number of documents, by default."""
        bounds = {"max_tokens": self.max_tokens, "ratio": self.ratio, "keep": self.keep}
        text = {"query": query, "documents": list(documents)} if self._shows_text()[0] else {}
        return {"chunks": len(documents), **{k: v for k, v in bounds.items() if v is not None}, **text}

    def _outputs(self, compressed: list[Document], context: CompressedContext | None) -> dict[str, Any]:
        """Return what the run shows of its result: figures, by default."""
        text = {"documents": compressed} if self._shows_text()[1] else {}
        return {"kept": len(compressed), **(figures(context.stats) if context else {}), **text}

    def _shows_text(self) -> tuple[bool, bool]:
        return shows_text(self.config is not None and self.config.trace_text)
