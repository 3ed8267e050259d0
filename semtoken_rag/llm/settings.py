"""General settings of a reader, the same in every mode."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from semtoken_rag.llm.sampling import Sampler

if TYPE_CHECKING:
    from semtoken_rag.llm.kv.chunk_store import ChunkKVCache


@dataclass(frozen=True, slots=True)
class Settings:
    """How a reader answers, whatever the mode.

    Parameters
    ----------
    max_new_tokens
        Most tokens of an answer, at least 1.
    stop
        Strings that end an answer.
    sampler
        Picks each token; greedy by default.
    titles
        Whether a chunk of which nothing is kept leaves its title, if the chunks of the call are given.
    store
        Former place of `semtoken_rag.llm.KV.chunk_cache`, which it fills where the mode is ``"kv"``.

    Raises
    ------
    ValueError
        If ``max_new_tokens`` is below 1.
    """

    max_new_tokens: int = 64
    stop: tuple[str, ...] = ()
    sampler: Sampler = field(default_factory=Sampler)
    titles: bool = False
    store: ChunkKVCache | None = None

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens must be at least 1, got {self.max_new_tokens!r}")
        if self.store is not None:
            warnings.warn(
                "Settings(store=cache) is now mode=KV(chunk_cache=cache)", DeprecationWarning, stacklevel=3
            )
