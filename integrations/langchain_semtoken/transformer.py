"""`SemTokenTransformer`: documents on their way into an index, when no query is known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.documents import BaseDocumentTransformer, Document

from langchain_semtoken.documents import to_chunks
from langchain_semtoken.settings import DocumentSettings


class SemTokenTransformer(DocumentSettings, BaseDocumentTransformer):
    """Shorten documents without a query, even inside a pipeline, or make their fingerprints beforehand.

    Parameters: see `semtoken_rag.adapters.settings.SemTokenSettings`, and

    Parameters
    ----------
    mode : {"compress", "annotate"}
        ``"compress"`` shortens the documents of a call, which share one budget, by information density and
        redundancy; those of which nothing is kept are left out. ``"annotate"`` leaves them as they are and
        fills the fingerprint store, so that the first query finds their fingerprints there.
    """

    mode: Literal["compress", "annotate"] = "compress"

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Return shortened copies in source order, or the documents themselves in mode ``"annotate"``."""
        if self.mode == "compress":
            return self._compress(documents, "")[0]
        self._engine().annotate(to_chunks(documents, self.title_key))
        return list(documents)

    async def atransform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Do the same while the event loop goes on."""
        if self.mode == "compress":
            return (await self._acompress(documents, ""))[0]
        return await asyncio.to_thread(self.transform_documents, documents, **kwargs)
