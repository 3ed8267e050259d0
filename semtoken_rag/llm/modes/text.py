"""Mode ``text``: the reader gets the kept pieces as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from transformers import DynamicCache

from semtoken_rag.context import CompressedContext
from semtoken_rag.llm.prepare import Prepared, Reader, kept_prompt, to_input
from semtoken_rag.llm.prompt import tokenize
from semtoken_rag.llm.soft import SoftPrompt
from semtoken_rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Text:
    """The kept pieces as text."""

    name: ClassVar[str] = "text"

    def prepare(
        self,
        reader: Reader,
        question: str,
        *,
        context: CompressedContext | SoftPrompt | None = None,
        chunks: Sequence[Chunk] | None = None,
    ) -> Prepared:
        """Make a prompt of the kept pieces.

        Parameters
        ----------
        reader
            Model, tokenizer, template and settings.
        question
            The question.
        context
            The compressed context; None, or one that keeps nothing: the question alone.
        chunks
            The chunks that the context was made of; None: those of which nothing is kept are not known.

        Returns
        -------
        Prepared
            Token ids (1, n).

        Raises
        ------
        ValueError
            For a `SoftPrompt`, or chunks that do not fit the context.
        """
        prompt, _ = kept_prompt(self, reader, question=question, context=context, chunks=chunks)
        return Prepared(to_input(reader, tokenize(prompt, reader.tokenizer).ids), prompt.message)

    def cache(self, reader: Reader, prepared: Prepared) -> DynamicCache:
        """Return an empty cache that keeps everything."""
        return DynamicCache(config=reader.model.config)
