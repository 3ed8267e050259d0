"""`SemTokenTransformer`: compresses documents for an index, without a query, or makes their fingerprints."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.documents import BaseDocumentTransformer, Document

from langchain_semtoken.documents import carrying
from langchain_semtoken.settings import DocumentSettings
from semtoken_rag.adapters.metadata import fingerprint_texts


class SemTokenTransformer(DocumentSettings, BaseDocumentTransformer):
    """Compress documents without a query, also inside a pipeline, or compute their fingerprints in advance.

    The parameters are those of `SemTokenCompressor`, and one more.

    Parameters
    ----------
    mode : {"compress", "annotate", "carry"}
        ``"compress"`` shortens the documents of a call, which share one budget, by information density and
        redundancy, and leaves out those of which nothing is kept. ``"annotate"`` leaves the documents as they
        are and fills the fingerprint store for the first query. ``"carry"`` returns copies that have their
        fingerprint in their metadata, as the text ``semtoken_fingerprint``: a vector store gives it back with
        each hit, so that `SemTokenCompressor` encodes the question alone, without a store.
    """

    mode: Literal["compress", "annotate", "carry"] = "compress"

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Return shortened copies in source order; in other modes all documents, under "carry" as copies."""
        if self.mode == "compress":
            return self._compress(documents, "")[0]
        documents = list(documents)  # the caller's may change meanwhile
        taken = self._take(documents).chunks
        if self.mode == "annotate":
            self._engine().annotate(list(taken.values()))
            return documents
        for i, carried in zip(taken, fingerprint_texts(self._engine(), list(taken.values())), strict=True):
            documents[i] = carrying(documents[i], carried)
        return documents

    async def atransform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Do the same without blocking the event loop."""
        if self.mode == "compress":
            return (await self._acompress(documents, ""))[0]
        return await asyncio.to_thread(self.transform_documents, documents, **kwargs)
