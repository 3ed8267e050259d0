"""What a mode makes of a question and a context: the interface, and what all modes share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch

from semtoken_rag.context import CompressedContext
from semtoken_rag.llm.decode import Input
from semtoken_rag.llm.excerpts import Excerpt, kept_excerpts
from semtoken_rag.llm.kv.chunk_store import PromptParts
from semtoken_rag.llm.kv.plan import Plan
from semtoken_rag.llm.prompt import Prompt, Template
from semtoken_rag.llm.settings import Settings
from semtoken_rag.llm.soft import SoftPrompt
from semtoken_rag.types import Chunk


class Reader(Protocol):
    """What a mode needs of a reader, such as `SemTokenLLM`."""

    @property
    def model(self) -> Any:
        """A causal language model of transformers."""

    @property
    def tokenizer(self) -> Any:
        """Its tokenizer."""

    @property
    def template(self) -> Template:
        """How context and question become a prompt."""

    @property
    def settings(self) -> Settings:
        """General settings."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prompt that is ready to be read.

    Attributes
    ----------
    input
        Ids or embeddings.
    message
        The user's message.
    merged
        Number of merged tokens in the input.
    parts
        What the cache holds before the input is read, if chunks are read beforehand.
    """

    input: Input
    message: str
    merged: int = 0
    parts: PromptParts | None = None


@runtime_checkable
class Mode(Protocol):
    """How a reader gets the compressed context. To add one, write ``name``, `prepare` and `cache`."""

    @property
    def name(self) -> str:
        """Name in `AnswerStats`."""

    def prepare(
        self,
        reader: Reader,
        question: str,
        *,
        context: CompressedContext | SoftPrompt | None = None,
        chunks: Sequence[Chunk] | None = None,
    ) -> Prepared:
        """Make a prompt of question and context; nothing is computed by the model's layers.

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
            What the model reads.

        Raises
        ------
        ValueError
            If context or chunks do not fit the mode, the reader or each other.
        """

    def cache(self, reader: Reader, prepared: Prepared) -> Any:
        """Return the KV cache for a prompt that `prepare` made, empty or with what was read beforehand."""


def check_context(
    mode: Mode, *, context: CompressedContext | SoftPrompt | None, chunks: Sequence[Chunk] | None
) -> CompressedContext | None:
    """Return the context, if a mode that builds the prompt itself can take it.

    Parameters
    ----------
    mode
        The mode.
    context
        As for `Mode.prepare`.
    chunks
        As for `Mode.prepare`.

    Returns
    -------
    CompressedContext or None
        The context.

    Raises
    ------
    ValueError
        If the context is a `SoftPrompt`, which is a whole prompt, or if there are chunks and no context.
    """
    if isinstance(context, SoftPrompt):
        raise ValueError(f"a SoftPrompt needs mode 'soft', got {mode.name!r}")
    if context is None and chunks is not None:
        raise ValueError("chunks without a context that was made of them, got context None")
    return context


def kept_prompt(
    mode: Mode,
    reader: Reader,
    *,
    question: str,
    context: CompressedContext | SoftPrompt | None,
    chunks: Sequence[Chunk] | None,
) -> tuple[Prompt, list[Excerpt]]:
    """Make a prompt of the kept pieces.

    Parameters
    ----------
    mode
        The mode that asks.
    reader
        Model, tokenizer, template and settings.
    question
        The question.
    context
        As for `Mode.prepare`.
    chunks
        As for `Mode.prepare`.

    Returns
    -------
    (Prompt, list of Excerpt)
        The prompt, and the excerpts that it is made of.

    Raises
    ------
    ValueError
        As for `check_context`, or if the chunks are not those that the context was made of.
    """
    context = check_context(mode, context=context, chunks=chunks)
    excerpts = [] if context is None else kept_excerpts(context, chunks, titles=reader.settings.titles)
    return reader.template.build(question, excerpts, tokenizer=reader.tokenizer), excerpts


def to_input(
    reader: Reader, ids: np.ndarray, *, first: int = 0, plan: Plan | None = None, parts: tuple[int, ...] = ()
) -> Input:
    """Put token ids on the reader's device, with consecutive positions.

    Parameters
    ----------
    reader
        The reader, whose model is on the device.
    ids
        Token ids (n,) int, at least one.
    first
        Position of the first token.
    plan
        What to keep of the prompt in the KV cache; None keeps everything.
    parts
        Lengths of the parts that are read one after the other; empty: all at once.

    Returns
    -------
    Input
        For `Decoder.read`.

    Raises
    ------
    ValueError
        If there are no ids.
    """
    if not len(ids):
        raise ValueError("the prompt has no token")
    device = reader.model.device
    positions = torch.arange(first, first + len(ids), device=device)[None]
    return Input(torch.from_numpy(ids).to(device)[None], None, positions, plan, parts)
