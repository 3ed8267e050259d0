"""Mode ``soft``: the reader gets the kept pieces as input embeddings, with merged tokens in the gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from transformers import DynamicCache

from semtoken_rag.context import CompressedContext
from semtoken_rag.llm.decode import Input
from semtoken_rag.llm.merge import Merger
from semtoken_rag.llm.prepare import Prepared, Reader, kept_prompt
from semtoken_rag.llm.soft import SoftPrompt, check_positions, check_soft, soft_prompt
from semtoken_rag.types import Chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Soft:
    """The kept pieces as input embeddings, with merged tokens in place of the rest.

    Parameters
    ----------
    merger
        What stands for a run of left-out tokens; None: nothing.
    positions
        ``packed``: consecutive; ``source``: the positions of left-out tokens are skipped.

    Raises
    ------
    ValueError
        If ``positions`` is another word.
    """

    merger: Merger | None = None
    positions: str = "packed"
    name: ClassVar[str] = "soft"

    def __post_init__(self) -> None:
        check_positions(self.positions)

    def prepare(
        self,
        reader: Reader,
        question: str,
        *,
        context: CompressedContext | SoftPrompt | None = None,
        chunks: Sequence[Chunk] | None = None,
    ) -> Prepared:
        """Embed a prompt of the kept pieces.

        Parameters
        ----------
        reader
            Model, tokenizer, template and settings.
        question
            The question.
        context
            The compressed context; None, or one that keeps nothing: the question alone. A `SoftPrompt`
            is the whole prompt.
        chunks
            The chunks that the context was made of; None: those of which nothing is kept are not known.

        Returns
        -------
        Prepared
            Embeddings (1, n, d), on the model's device and in its precision.

        Raises
        ------
        ValueError
            If the model takes no embeddings, or those of the prompt have another size; if the chunks do not
            fit the context.
        """
        if isinstance(context, SoftPrompt):
            return _embedded(reader, context, question)
        prompt, excerpts = kept_prompt(self, reader, question=question, context=context, chunks=chunks)
        check_soft(reader.model)
        soft = soft_prompt(
            reader.model,
            reader.tokenizer,
            prompt=prompt,
            excerpts=excerpts,
            merger=self.merger,
            positions=self.positions,
        )
        return _embedded(reader, soft, prompt.message)

    def cache(self, reader: Reader, prepared: Prepared) -> DynamicCache:
        """Return an empty cache that keeps everything."""
        return DynamicCache(config=reader.model.config)


def _embedded(reader: Reader, soft: SoftPrompt, message: str) -> Prepared:
    """Take embeddings to the model's device and precision."""
    check_soft(reader.model, soft)
    embed = reader.model.get_input_embeddings().weight
    embeds = soft.inputs_embeds.to(embed.device, embed.dtype)
    return Prepared(Input(None, embeds, soft.position_ids.to(embed.device)), message, soft.merged)
