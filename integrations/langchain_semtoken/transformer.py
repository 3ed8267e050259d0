"""`SemTokenTransformer`: documents made shorter before they are indexed, when no query is known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from langchain_core.documents import BaseDocumentTransformer, Document

from langchain_semtoken.settings import SemTokenSettings


class SemTokenTransformer(SemTokenSettings, BaseDocumentTransformer):
    """Compress by information density and redundancy, without a query even inside a pipeline.

    Parameters: see `SemTokenSettings`. The documents of a call share one budget.
    """

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Return shortened copies in source order; those of which nothing is kept are left out."""
        return self._compress(documents, "")[0]

    async def atransform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """Do the same in a worker thread, so that the event loop goes on meanwhile."""
        return (await asyncio.to_thread(self._compress, documents, ""))[0]
