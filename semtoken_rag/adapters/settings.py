"""The fields that all adapters share, and the engine that is made from them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, Literal

from semtoken_rag._optional import require
from semtoken_rag.compressor import SemToken
from semtoken_rag.config import Config
from semtoken_rag.context import CompressedContext
from semtoken_rag.types import Chunk

require("pydantic", extra="langchain")

from pydantic import (  # noqa: E402  (the check above names the extra)
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    field_serializer,
    model_validator,
)
from typing_extensions import Self  # noqa: E402  (comes with pydantic)

MADE_FROM = frozenset(
    {
        "token_counter",
        "encoder",
        "strategy",
        "min_tokens",
        "store",
        "on_error",
        "deadline",
        "max_calls",
        "config",
    }
)  # the other fields take part in a call, not in the engine


class Once:
    """A value made once, by the thread that comes first. Copies and pickles are empty, and all are equal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.value: SemToken | None = None

    def get(self, make: Callable[[], SemToken]) -> SemToken:
        """Return the value; ``make`` is called only where there is none yet."""
        with self._lock:
            if self.value is None:
                self.value = make()
            return self.value

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
    store : str, ByteStore or None
        Where fingerprints are kept from call to call: ``"memory://"``, ``"sqlite:///file"``,
        ``"redis://host"``, any LangChain ``ByteStore``; None computes them anew in each call.
    on_error : {"fallback", "raise"}
        After a failure inside, return the originals cut to the budget, or let the error through.
    deadline : float > 0, optional
        Seconds that a call may take, see `Config`; None leaves it to ``config``.
    max_calls : int >= 1, optional
        Calls that may be under way or waiting at one time, see `Config`; None leaves it to ``config``.
    config : Config, optional
        The engine's finer settings.

    Raises
    ------
    ValueError
        For a value out of range, with that value in the message (pydantic's ``ValidationError`` is one);
        when written as JSON, for an object in a field that JSON can hold a name or an address of.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    ratio: float | None = Field(default=0.4, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    token_counter: Any = None
    encoder: Any = "auto"
    strategy: Any = "semtoken"
    min_tokens: int = Field(default=0, ge=0)
    title_key: str = "title"
    store: Any = None
    on_error: Literal["fallback", "raise"] = "fallback"
    deadline: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    max_calls: int | None = Field(default=None, ge=1)
    config: Config | None = None

    _once: Once = PrivateAttr(default_factory=Once)

    @model_validator(mode="before")
    @classmethod
    def _some_budget(cls, data: Any) -> Any:
        """Drop the default ratio where ``max_tokens`` is the budget; refuse to be without any."""
        if not isinstance(data, dict):
            return data
        if data.get("max_tokens") is not None:
            return {"ratio": None, **data}
        if data.get("ratio", 0) is None:
            raise ValueError("ratio or max_tokens must be given, got None for both")
        return data

    @field_serializer("token_counter", "encoder", "strategy", "store", when_used="json")
    def _names_alone(self, value: Any, info: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        raise ValueError(f"{info.field_name} must be a str or None to be written as JSON, got {value!r:.80}")

    @field_serializer("config", when_used="json")
    def _plain_config(self, value: Config | None) -> dict[str, Any] | None:
        """Write what differs from the default, which has the segmenter's function in it."""
        if value is None:
            return None
        changed = {f.name: v for f in fields(value) if (v := getattr(value, f.name)) != f.default}
        if "segmenter" in changed:
            raise ValueError(f"config can be JSON without a segmenter alone, got {value.segmenter!r:.80}")
        return changed

    def __copy__(self) -> Self:
        """Copy with an engine of its own: ``model_copy(update=...)`` may change what it is made from."""
        copied = super().__copy__()
        copied._once = Once()
        return copied

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field, and forget the engine that was made from its former value."""
        super().__setattr__(name, value)
        if name in MADE_FROM:
            self._once = Once()

    def _run(self, chunks: Sequence[Chunk], query: str) -> CompressedContext:
        """Compress; a blank query compresses by information density and redundancy."""
        return self._engine().compress(chunks, query, max_tokens=self.max_tokens, ratio=self.ratio)

    async def _arun(self, chunks: Sequence[Chunk], query: str) -> CompressedContext:
        """Compress while the event loop goes on; a model that is not loaded yet is loaded beside it too."""
        if (engine := self._once.value) is None:
            engine = await asyncio.to_thread(self._engine)
        return await engine.acompress(chunks, query, max_tokens=self.max_tokens, ratio=self.ratio)

    def _engine(self) -> SemToken:
        """Return the engine, made on first use."""
        return self._once.get(self._make)

    def _make(self) -> SemToken:
        given: dict[str, Any] = {
            "min_tokens": self.min_tokens,
            "deadline": self.deadline,
            "max_calls": self.max_calls,
        }
        return SemToken(
            encoder=self.encoder,
            strategy=self.strategy,
            token_counter=self.token_counter,
            store=self.store,
            on_error=self.on_error,
            config=replace(self.config or Config(), **{k: v for k, v in given.items() if v}),
        )
