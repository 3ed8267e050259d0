"""The fields that compressor and transformer share, and the engine that is made from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

from langchain_core.documents import Document
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from typing_extensions import Self

from langchain_semtoken.documents import to_chunks, to_documents
from semtoken_rag import CompressedContext, Config, SemToken


class Once:
    """A value made once, by the thread that comes first. Copies and pickles are empty, and all are equal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: SemToken | None = None

    def get(self, make: Callable[[], SemToken]) -> SemToken:
        """Return the value; ``make`` is called only where there is none yet."""
        with self._lock:
            if self._value is None:
                self._value = make()
            return self._value

    def __reduce__(self) -> tuple[type[Once], tuple[()]]:
        """Copy and pickle as an empty one."""
        return Once, ()

    def __eq__(self, other: object) -> bool:
        """Tell nothing apart: what is made follows from the settings that hold this."""
        return isinstance(other, Once)

    __hash__ = None  # type: ignore[assignment]  # never a key


class SemTokenSettings(BaseModel):
    """What is kept of the documents of a call. The budget covers all of them together, not each one.

    Parameters
    ----------
    ratio : float in (0, 1], optional
        Part of the tokens to keep; 0.4 where neither it nor ``max_tokens`` is given.
    max_tokens : int >= 1, optional
        Most tokens to keep. Given together with ``ratio``, the smaller of the two rules.
    token_counter : callable, tokenizer or None
        The reader's way to count: ``str -> int``, a Hugging Face tokenizer, a tiktoken encoding;
        None counts with the encoder's own tokenizer.
    encoder : str, model or Encoder
        ``"auto"``, ``"static"``, the name, path or object of a sentence-transformers model, or any `Encoder`.
    strategy : str or Strategy
        What decides between the sentences.
    min_tokens : int >= 0
        Under a ratio, a call with fewer tokens passes through unchanged; 0 leaves it to ``config``.
    title_key : str
        Metadata key of the document's title: context for the encoder, never part of the result's text.
    on_error : {"fallback", "raise"}
        After a failure inside, return the originals cut to the budget, or let the error through.
    config : Config, optional
        The engine's finer settings.

    Raises
    ------
    ValueError
        For a value out of range, with that value in the message (pydantic's ``ValidationError`` is one).
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid", frozen=True)

    ratio: float | None = Field(default=0.4, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    token_counter: Any = None
    encoder: Any = "auto"
    strategy: Any = "semtoken"
    min_tokens: int = Field(default=0, ge=0)
    title_key: str = "title"
    on_error: Literal["fallback", "raise"] = "fallback"
    config: Config | None = None

    _once: Once = PrivateAttr(default_factory=Once)

    @model_validator(mode="before")
    @classmethod
    def _max_tokens_alone(cls, data: Any) -> Any:
        """Drop the default ratio where ``max_tokens`` is the budget."""
        if isinstance(data, dict) and data.get("max_tokens") is not None and "ratio" not in data:
            return {**data, "ratio": None}
        return data

    @model_validator(mode="after")
    def _some_budget(self) -> Self:
        if self.ratio is None and self.max_tokens is None:
            raise ValueError("ratio or max_tokens must be given, got None for both")
        return self

    def __copy__(self) -> Self:
        """Copy with an engine of its own: ``model_copy(update=...)`` may change what it is made from."""
        copied = super().__copy__()
        copied._once = Once()
        return copied

    def _compress(
        self, documents: Sequence[Document], query: str
    ) -> tuple[list[Document], CompressedContext | None]:
        """Return the compressed documents, and the context with its stats if there was anything to do."""
        if not documents:
            return [], None
        context = self._once.get(self._engine).compress(
            to_chunks(documents, self.title_key),
            query if query.strip() else None,
            max_tokens=self.max_tokens,
            ratio=self.ratio,
        )
        return to_documents(documents, context), context

    def _engine(self) -> SemToken:
        config = self.config or Config()
        return SemToken(
            encoder=self.encoder,
            strategy=self.strategy,
            token_counter=self.token_counter,
            on_error=self.on_error,
            config=replace(config, min_tokens=self.min_tokens) if self.min_tokens else config,
        )
