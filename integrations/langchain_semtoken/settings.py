"""The common base of compressor and transformer: frozen settings that compress documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

from langchain_core.documents import Document
from langchain_core.prompts import BasePromptTemplate, format_document
from pydantic import ConfigDict, InstanceOf, WithJsonSchema, field_serializer

from langchain_semtoken.documents import to_chunks, to_documents
from semtoken_rag import CompressedContext
from semtoken_rag.adapters.intake import Intake
from semtoken_rag.adapters.settings import RETRIEVED, SemTokenSettings


class DocumentSettings(SemTokenSettings):
    """Frozen `SemTokenSettings` that compress documents, and two more.

    Parameters
    ----------
    document_prompt : BasePromptTemplate, optional
        How a chain shows a document: what ``overhead="auto"`` measures, besides the blank line between two
        documents. None shows the text alone.
    flat_note : bool
        Whether the metadata key ``semtoken`` is a JSON string, for vector stores that accept only flat
        metadata (Chroma, Pinecone and others refuse a dict).
    """

    model_config = ConfigDict(frozen=True)

    # Taken as it is: the lowest pydantic would make a BasePromptTemplate[str] of it, which is abstract.
    document_prompt: Annotated[
        InstanceOf[BasePromptTemplate] | None,  # type: ignore[type-arg]
        WithJsonSchema({"type": "null"}),  # JSON holds no prompt
    ] = None
    flat_note: bool = False

    @field_serializer("document_prompt", when_used="json-unless-none")
    def _no_prompt(self, value: BasePromptTemplate[str]) -> None:
        raise ValueError(f"document_prompt must be None to be written as JSON, got {value!r:.80}")

    def _compress(
        self, documents: Sequence[Document], query: str, *, order: str = RETRIEVED
    ) -> tuple[list[Document], CompressedContext | None]:
        """Return the compressed documents, and the result with its stats; None if there are no documents."""
        documents = list(documents)  # the caller's may change meanwhile
        if not (taken := self._take(documents)):
            return [], None
        chunks, skipped = list(taken.chunks.values()), taken.skipped.values()
        return self._give(documents, taken, self._run(chunks, query, order=order, skipped=skipped))

    async def _acompress(
        self, documents: Sequence[Document], query: str, *, order: str = RETRIEVED
    ) -> tuple[list[Document], CompressedContext | None]:
        """Do the same without blocking the event loop."""
        documents = list(documents)
        if self.overhead == "auto":  # loads the encoder, and counts
            taken = await asyncio.to_thread(self._take, documents)
        else:
            taken = self._take(documents)
        if not taken:
            return [], None
        chunks, skipped = list(taken.chunks.values()), taken.skipped.values()
        return self._give(documents, taken, await self._arun(chunks, query, order=order, skipped=skipped))

    def _take(self, documents: Sequence[Document]) -> Intake:
        return to_chunks(documents, self.title_key, self._measure() if documents else None)

    def _give(
        self, documents: Sequence[Document], taken: Intake, context: CompressedContext
    ) -> tuple[list[Document], CompressedContext]:
        places = list(taken.chunks)
        return to_documents(documents, places, context=context, flat_note=self.flat_note), context

    def _measure(self) -> Callable[[Document], int]:
        """Return what counts the tokens that a chain adds to a document."""
        if self.overhead != "auto":
            tokens = self.overhead
            return lambda document: tokens
        frame, prompt = self._frame(), self.document_prompt

        def measure(document: Document) -> int:
            text = document.page_content
            return frame.tokens(format_document(document, prompt) if prompt else text, text)

        return measure
