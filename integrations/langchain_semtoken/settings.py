"""The common base of compressor and transformer: frozen settings that compress documents."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.documents import Document
from pydantic import ConfigDict

from langchain_semtoken.documents import to_chunks, to_documents
from semtoken_rag import CompressedContext
from semtoken_rag.adapters.settings import SemTokenSettings


class DocumentSettings(SemTokenSettings):
    """Frozen `SemTokenSettings` that compress documents."""

    model_config = ConfigDict(frozen=True)

    def _compress(
        self, documents: Sequence[Document], query: str
    ) -> tuple[list[Document], CompressedContext | None]:
        """Return the compressed documents, and the result with its stats; None if there are no documents."""
        if not documents:
            return [], None
        context = self._run(to_chunks(documents, self.title_key), query)
        return to_documents(documents, context), context

    async def _acompress(
        self, documents: Sequence[Document], query: str
    ) -> tuple[list[Document], CompressedContext | None]:
        """Do the same without blocking the event loop."""
        if not documents:
            return [], None
        context = await self._arun(to_chunks(documents, self.title_key), query)
        return to_documents(documents, context), context
