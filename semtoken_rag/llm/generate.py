"""`SemTokenLLM`: a local LLM that answers from a compressed context: as text, embeddings or a KV cache."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from semtoken_rag.context import CompressedContext
from semtoken_rag.llm.answer import Answer, Stream
from semtoken_rag.llm.checks import check_length, check_reader
from semtoken_rag.llm.conversation import answer, begin, go_on
from semtoken_rag.llm.load import load_model
from semtoken_rag.llm.modes import KV, Mode, Shorthand, resolve_mode
from semtoken_rag.llm.prompt import Template
from semtoken_rag.llm.settings import Settings
from semtoken_rag.llm.soft import SoftPrompt
from semtoken_rag.types import Chunk


class SemTokenLLM:
    """A reader: a causal language model that answers from a compressed context.

    Parameters
    ----------
    model
        A causal language model of transformers.
    tokenizer
        Its tokenizer, which must be a fast one.
    template
        How context and question become a prompt; None: see `Template.of`.
    settings
        How the reader answers in every mode; None: the defaults.

    Raises
    ------
    ValueError
        If the tokenizer gives no offsets, or has more tokens than the model has embeddings.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        template: Template | None = None,
        settings: Settings | None = None,
    ) -> None:
        check_reader(model, tokenizer)
        self._model, self._tokenizer = model, tokenizer
        self._template, self._settings = template or Template.of(tokenizer), settings or Settings()

    @classmethod
    def load(cls, name: str, *, settings: Settings | None = None, **kwargs: Any) -> SemTokenLLM:
        """Load a reader, to the GPU if there is one.

        Parameters
        ----------
        name
            Name on the Hugging Face hub, folder, or ``.gguf`` file.
        settings
            How the reader answers; None: the defaults.
        **kwargs
            Options of ``from_pretrained``, see `semtoken_rag.llm.load.load_model`.

        Returns
        -------
        SemTokenLLM
            The reader.

        Raises
        ------
        ValueError
            For ``trust_remote_code``: code that comes with a model is never run.
        """
        return cls(*load_model(name, **kwargs), settings=settings)

    @property
    def model(self) -> Any:
        """The causal language model."""
        return self._model

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        return self._tokenizer

    @property
    def template(self) -> Template:
        """How context and question become a prompt."""
        return self._template

    @property
    def settings(self) -> Settings:
        """How the reader answers in every mode."""
        return self._settings

    @property
    def name(self) -> str:
        """Name of the model, or of its class if it was not loaded by name."""
        return getattr(self.model, "name_or_path", "") or type(self.model).__name__

    def with_stop(self, stop: Sequence[str] | None) -> SemTokenLLM:
        """Return a reader that stops at these strings as well, itself if there are none."""
        if not stop:
            return self
        settings = replace(self.settings, stop=(*self.settings.stop, *stop))
        return SemTokenLLM(self.model, self.tokenizer, template=self.template, settings=settings)

    def generate(
        self,
        question: str,
        context: CompressedContext | SoftPrompt | None = None,
        *,
        mode: Mode | Shorthand = "text",
        chunks: Sequence[Chunk] | None = None,
        previous: Answer | None = None,
    ) -> Answer:
        """Answer a question.

        Parameters
        ----------
        question
            The question.
        context
            What to answer from; None, or a context that keeps nothing: the question alone. A `SoftPrompt` is
            the whole prompt.
        mode
            `Text`, `Soft`, `KV` or a mode of your own; ``text``, ``soft`` and ``kv`` are shorthands for the
            defaults.
        chunks
            The chunks that the context was made of; None: those of which nothing is kept are not known.
        previous
            An answer to ask on from, in the same cache.

        Returns
        -------
        Answer
            Text and figures.

        Raises
        ------
        ValueError
            Before anything is computed: for bad arguments, or a prompt that the reader cannot take.
        """
        stream = self.stream(question, context, mode=mode, chunks=chunks, previous=previous)
        for _ in stream:
            pass
        assert stream.answer is not None
        return stream.answer

    def stream(
        self,
        question: str,
        context: CompressedContext | SoftPrompt | None = None,
        *,
        mode: Mode | Shorthand = "text",
        chunks: Sequence[Chunk] | None = None,
        previous: Answer | None = None,
    ) -> Stream:
        """Answer a question part by part.

        Parameters
        ----------
        question
            The question.
        context
            As for `generate`.
        mode
            As for `generate`.
        chunks
            As for `generate`.
        previous
            As for `generate`.

        Returns
        -------
        Stream
            Iterates over the parts of the answer.

        Raises
        ------
        ValueError
            As for `generate`; here, not at the first part.
        """
        way = KV(chunk_cache=self.settings.store) if mode == "kv" else resolve_mode(mode)
        if not isinstance(question, str) or not question.strip():
            raise ValueError(f"question must be a str that is not blank, got {question!r:.80}")
        if previous is not None:
            if context is not None or chunks is not None:
                raise ValueError("a question that goes on from an answer takes no other context")
            prepared, state = go_on(self, question, previous=previous)
            self._check_length(prepared.input.last)
            return Stream(answer(self, prepared, state=state))
        prepared = way.prepare(self, question, context=context, chunks=chunks)
        self._check_length(prepared.input.last)
        start = time.perf_counter()
        state = begin(self, way, prepared=prepared)
        seconds = time.perf_counter() - start  # reads the chunks that are not in the cache of chunks yet
        return Stream(answer(self, prepared, state=state, seconds=seconds))

    def _check_length(self, last: int) -> None:
        check_length(self.model, last=last, new=self.settings.max_new_tokens)
