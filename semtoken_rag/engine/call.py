"""The input of one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from semtoken_rag.budget import Budget
from semtoken_rag.deadline import check
from semtoken_rag.engine.setup import Setup
from semtoken_rag.text.markers import sanitise
from semtoken_rag.types import Chunk

# What takes the documents of a framework, by an attribute that they have.
ADAPTERS = {
    "page_content": "langchain_semtoken.SemTokenCompressor",
    "get_content": "llama_index.postprocessor.semtoken.SemTokenPostprocessor",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of `SemToken.compress`.

    Attributes
    ----------
    setup
        What the call runs with.
    chunks, query, bound
        The input; an empty ``query`` is none.
    fallback
        Why the call does not run with its own setup; None if it does.
    """

    setup: Setup
    chunks: Sequence[Chunk]
    query: str
    bound: Budget
    fallback: str | None = None

    @property
    def counts_encoded(self) -> bool:
        """Whether the tokens that the encoder returns are the tokens that the budget counts."""
        return self.setup.counter.is_estimate and self.fallback is None

    @property
    def asks_for_an_answer(self) -> bool:
        """Whether the call has to say how likely the chunks answer the question, even if all of them fit."""
        return bool(self.query and self.chunks) and self.setup.config.min_relevance is not None

    def count(self, text: str) -> int:
        """Return the number of the reader's tokens in ``text``, unless the call's time is up."""
        check()
        return self.setup.counter.count(text)

    def count_all(self, texts: Sequence[str]) -> list[int]:
        """Return the number of the reader's tokens in each text, unless the call's time is up."""
        if self.setup.counter.many is None:
            return [self.count(text) for text in texts]
        check()
        return self.setup.counter.count_all(texts)

    def shown(self, text: str) -> str:
        """Return ``text`` as it is passed on: with its markers made harmless if the settings ask for it."""
        return sanitise(text) if self.setup.config.sanitise_markers else text

    def fall_back(self, reason: str, setup: Setup | None = None) -> Call:
        """Return the call with another setup, flagged with the reason."""
        return replace(self, setup=setup or self.setup, fallback=reason)


def as_chunks(given: Sequence[str | Chunk]) -> list[Chunk]:
    """Return what a caller gives as chunks.

    Parameters
    ----------
    given
        Passages, as text or chunks.

    Returns
    -------
    list of Chunk
        In the same order; a `Chunk` is returned as it is.

    Raises
    ------
    ValueError
        If it is not a sequence of str or `Chunk`; the message has the value received and names what takes the
        documents of a framework.
    """
    if isinstance(given, str | Chunk):
        raise ValueError(f"chunks must be a sequence of str or Chunk, got a single {type(given).__name__}")
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise ValueError(f"chunks must be a sequence of str or Chunk, got {given!r:.80}")
    return [c if isinstance(c, Chunk) else _chunk(c) for c in given]


def _chunk(given: Any) -> Chunk:
    for attribute, adapter in ADAPTERS.items():
        if not isinstance(given, str) and hasattr(given, attribute):
            kind = type(given).__name__
            raise ValueError(f"chunks must be str or Chunk; {adapter} takes a {kind}, got {given!r:.80}")
    return Chunk(given)
