"""The settings as an object that compresses Haystack's documents; components can share one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from haystack import Document
from pydantic import ConfigDict

from haystack_semtoken.documents import to_chunks, to_documents, untouched
from semtoken_rag.adapters.intake import Intake
from semtoken_rag.adapters.settings import SemTokenSettings


class DocumentSettings(SemTokenSettings):
    """Frozen `SemTokenSettings` that compress documents, and the engine made from them.

    The parameters are those of `semtoken_rag.adapters.SemTokenSettings`. The template of the prompt is not
    known here: ``overhead="auto"`` counts a blank line for each document.
    """

    model_config = ConfigDict(frozen=True)

    def compress(self, documents: Sequence[Document], query: str) -> tuple[list[Document], dict[str, Any]]:
        """Compress documents.

        Parameters
        ----------
        documents
            Retrieved documents, which are not changed.
        query
            The question. If it is blank, information density and redundancy decide.

        Returns
        -------
        list of Document
            See `haystack_semtoken.documents.to_documents`.
        dict
            The figures of `Stats.as_dict`; empty if there was no text.
        """
        documents = list(documents)  # the caller's may change meanwhile
        if not (taken := self._take(documents)):
            return untouched(documents, taken), {}
        chunks, skipped = list(taken.chunks.values()), taken.skipped.values()
        context = self._run(chunks, query, skipped=skipped)
        return to_documents(documents, taken, context=context), context.stats.as_dict()

    async def acompress(
        self, documents: Sequence[Document], query: str
    ) -> tuple[list[Document], dict[str, Any]]:
        """Compress documents without blocking the event loop, as `compress`."""
        documents = list(documents)
        taken = await asyncio.to_thread(self._take, documents)  # may load the encoder, and counts
        if not taken:
            return untouched(documents, taken), {}
        chunks, skipped = list(taken.chunks.values()), taken.skipped.values()
        context = await self._arun(chunks, query, skipped=skipped)
        return to_documents(documents, taken, context=context), context.stats.as_dict()

    def warm_up(self) -> None:
        """Load the encoder, which the first call would do."""
        self._engine()

    def _take(self, documents: Sequence[Document]) -> Intake:
        return to_chunks(documents, self.title_key, self._measure() if documents else len)

    def _measure(self) -> Callable[[str], int]:
        """Return what counts the tokens that a prompt adds to a text."""
        if self.overhead != "auto":
            tokens = self.overhead
            return lambda text: tokens
        frame = self._frame()
        return lambda text: frame.tokens(text, text)
