"""`SemTokenTransformer`: compresses documents for an index, without a query, or fills a fingerprint store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.documents import BaseDocumentTransformer, Document

from langchain_semtoken.settings import DocumentSettings


class SemTokenTransformer(DocumentSettings, BaseDocumentTransformer):
    """Compress documents without a query, also inside a pipeline, or compute their fingerprints in advance.

    The parameters are those of `SemTokenCompressor`, and one more.

    Parameters
    ----------
    mode : {"compress", "annotate"}
        ``"compress"`` shortens the documents of a call, which share one budget, by information density and
        redundancy, and leaves out those of which nothing is kept. ``"annotate"`` leaves the documents as they
        are and fills the fingerprint store for the first query.
    """

    mode: Literal["compress", "annotate"] = "compress"

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Return shortened copies in source order; in mode ``"annotate"``, the documents themselves."""
        if self.mode == "compress":
            return self._compress(documents, "")[0]
        self._engine().annotate(list(self._take(documents).chunks.values()))
        return list(documents)

    async def atransform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Do the same without blocking the event loop."""
        if self.mode == "compress":
            return (await self._acompress(documents, ""))[0]
        return await asyncio.to_thread(self.transform_documents, documents, **kwargs)
