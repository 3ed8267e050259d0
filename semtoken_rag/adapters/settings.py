"""`SemTokenSettings`: the fields that all adapters share, and the engine made from them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Annotated, Any, Literal, get_type_hints

from semtoken_rag._internal.forks import renew_in_child
from semtoken_rag._internal.optional import require
from semtoken_rag.adapters.overhead import SEPARATOR, Frame
from semtoken_rag.budget import DEFAULT_RATIO
from semtoken_rag.compressor import SemToken
from semtoken_rag.config import Config
from semtoken_rag.context import CompressedContext
from semtoken_rag.encoders.registry import check_name
from semtoken_rag.stages.render import arrange
from semtoken_rag.store.registry import without_secrets
from semtoken_rag.text.markers import count_markers
from semtoken_rag.types import Chunk

require("pydantic", extra="langchain")

from pydantic import (  # noqa: E402  (the check above names the extra)
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    field_serializer,
    field_validator,
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
        "threads",
        "titles",
        "language",
        "min_relevance",
        "config",
    }
)  # the engine is made from these; the other fields are used in a call


RETRIEVED, PROMPT = "relevance", "best-last"  # orders: of what a retriever gives, and of what a model reads


def _config_schema() -> dict[str, Any]:
    """Return the JSON schema of `Config`, without the segmenter, a function."""
    hints = get_type_hints(Config)
    plain: Any = {f.name: (hints[f.name], f.default) for f in fields(Config) if f.name != "segmenter"}
    schema: dict[str, Any] = create_model("Config", **plain).model_json_schema()
    return schema


class Once:
    """A value made once, by the first thread that needs it. Copies and pickles are empty; all are equal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        renew_in_child(self, "_lock", threading.Lock)
        self.value: SemToken | None = None

    def get(self, make: Callable[[], SemToken]) -> SemToken:
        """Return the value; ``make`` is called if there is none yet."""
        with self._lock:
            if self.value is None:
                self.value = make()
            return self.value

    def __reduce__(self) -> tuple[type[Once], tuple[()]]:
        """Copy and pickle as an empty object."""
        return Once, ()

    def __eq__(self, other: object) -> bool:
        """Return True for any other `Once`: the value follows from the settings that hold it."""
        return isinstance(other, Once)

    __hash__ = None  # type: ignore[assignment]  # never a key


class SemTokenSettings(BaseModel):
    """The settings of an adapter. The budget covers all documents of a call together, not each one.

    The retriever's scores are carried along to the results. They have weight 0 for now: they do not change
    what is kept.

    Parameters
    ----------
    ratio : float in (0, 1], optional
        Share of the tokens to keep; 0.4 if neither it nor ``max_tokens`` is given.
    max_tokens : int >= 1, optional
        Most tokens to keep. If ``ratio`` is given too, the smaller budget counts.
    keep : float in (0, 1), optional
        Chance that nothing wanted is lost: no more tokens are kept than it takes, and no more than ``ratio``
        and ``max_tokens`` allow. Without a question it has no effect. None keeps as many as they allow.
    min_relevance : float in (0, 1), optional
        Chance that the documents answer the question. If it is less, the call abstains: it returns what
        ``abstain`` says, and `Stats.abstained` is set. A call without a question never abstains, nor does one
        whose result is a fallback, or whose text went to an encoder without a calibration. None leaves it to
        ``config``.
    abstain : {"empty", "best"}
        What a call that abstains returns: no documents, or the best one alone, whose metadata key
        ``semtoken`` then holds ``abstained`` and ``answerable``.
    token_counter : callable, tokenizer or None
        How the reader counts: ``str -> int``, a Hugging Face tokenizer, or a tiktoken encoding; None counts
        with the encoder's own tokenizer.
    encoder : str, model or Encoder
        ``"auto"``, ``"static"``, the name, path or object of a sentence-transformers model, embeddings of
        LangChain or LlamaIndex, or any `Encoder`, see `semtoken_rag.encoders.registry.resolve_encoder`.
    strategy : str or Strategy
        Rule that decides which units are kept: ``"semtoken"``, another name, or any callable from a `Problem`
        to a `Selection`.
    min_tokens : int >= 0
        Under a ratio, a call with fewer tokens passes through unchanged; 0 leaves it to ``config``.
    title_key : str
        Metadata key of the document's title: context for the encoder, and part of the result's text under
        ``titles`` alone.
    titles : bool
        Whether the title stands before what is kept of a document, inside the budget; False leaves it to
        ``config``.
    language : str, optional
        Language code of the sentence rules, see `Config`; None leaves it to ``config``.
    separator : str, optional
        What the prompt joins the documents with, which the budget covers. None takes the one that ``config``
        names; if that is `Config`'s own, a blank line, as the frameworks join.
    overhead : int >= 0 or "auto"
        Tokens that a kept document costs in the prompt besides its text and the separator: source line,
        metadata. They count in the budget, and so in the input's size under a ratio. ``"auto"`` measures them
        for each document with the framework's own template, the separator with them.
    store : str, ByteStore or None
        Store of fingerprints between calls: ``"memory://"``, ``"sqlite:///file"``, ``"redis://host"``, or any
        LangChain ``ByteStore``; None computes them anew in each call.
    on_error : {"fallback", "raise"}
        After a failure inside: return the originals cut to the budget, or raise the error.
    deadline : float > 0, optional
        Seconds that a call may take, see `Config`; None leaves it to ``config``.
    max_calls : int >= 1, optional
        Calls that may run or wait at the same time, see `Config`; None leaves it to ``config``.
    threads : int >= 1, optional
        Threads of an encoder that is named, see `Config`; None leaves it to ``config``.
    config : Config, optional
        Further settings of the engine. Its ``order`` holds everywhere; if it names none, the documents come
        back best first, as rank fusion, top-k and lists of sources expect, and best last where the adapter
        makes a prompt of them.

    Raises
    ------
    ValueError
        For a value out of range, with that value in the message (pydantic's ``ValidationError`` is one); and
        on writing JSON, for an object in a field of which JSON can hold only a name or an address.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    ratio: float | None = Field(default=DEFAULT_RATIO, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1, validate_default=True)
    keep: float | None = Field(default=None, gt=0, lt=1)
    min_relevance: float | None = Field(default=None, gt=0, lt=1)
    abstain: Literal["empty", "best"] = "empty"
    token_counter: Any = None
    encoder: Any = "auto"
    strategy: Any = "semtoken"
    min_tokens: int = Field(default=0, ge=0)
    title_key: str = "title"
    titles: bool = False
    language: str | None = Field(default=None, min_length=1)
    separator: str | None = None
    overhead: Annotated[int, Field(strict=True, ge=0)] | Literal["auto"] = 0
    store: Any = None
    on_error: Literal["fallback", "raise"] = "fallback"
    deadline: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    max_calls: int | None = Field(default=None, ge=1)
    threads: int | None = Field(default=None, ge=1)
    config: Annotated[Config, WithJsonSchema(_config_schema())] | None = None

    _once: Once = PrivateAttr(default_factory=Once)

    @model_validator(mode="before")
    @classmethod
    def _some_budget(cls, data: Any) -> Any:
        """Drop the default ratio if ``max_tokens`` is the budget."""
        if isinstance(data, dict) and data.get("max_tokens") is not None:
            return {"ratio": None, **data}
        return data

    @field_validator("ratio", "max_tokens")
    @classmethod
    def _not_neither(cls, value: float | None, info: ValidationInfo) -> float | None:
        """Refuse to have neither bound. A check of the whole model would show each field in its error."""
        other = "ratio" if info.field_name == "max_tokens" else "max_tokens"
        if value is None and info.data.get(other, 0) is None:
            raise ValueError("ratio or max_tokens must be given, got None for both")
        return value

    @field_validator("encoder")
    @classmethod
    def _some_encoder(cls, value: Any) -> Any:
        """Refuse a name that no encoder has, before a model is loaded."""
        check_name(value)
        return value

    @field_serializer("token_counter", "encoder", "strategy", "store", when_used="json")
    def _names_alone(self, value: Any, info: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        raise ValueError(f"{info.field_name} must be a str or None to be written as JSON, got {value!r:.80}")

    @field_serializer("config", when_used="json")
    def _plain_config(self, value: Config | None) -> dict[str, Any] | None:
        """Return the fields that differ from the default; the segmenter, a function, must not."""
        if value is None:
            return None
        changed = {f.name: v for f in fields(value) if (v := getattr(value, f.name)) != f.default}
        if "segmenter" in changed:
            raise ValueError(f"config can be JSON without a segmenter alone, got {value.segmenter!r:.80}")
        return changed

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with some fields changed; ``max_tokens`` drops a default ratio, as in the constructor."""
        given = dict(update or {})
        if given.get("max_tokens") is not None and "ratio" not in self.model_fields_set:
            given = {"ratio": None, **given}
        return super().model_copy(update=given, deep=deep)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Yield the fields as they are shown, the store's address without a password."""
        for name, value in super().__repr_args__():
            shown = without_secrets(value) if name == "store" and isinstance(value, str) else value
            yield name, shown

    def __copy__(self) -> Self:
        """Copy without the engine: ``model_copy(update=...)`` may change what it is made from."""
        copied = super().__copy__()
        copied._once = Once()
        return copied

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field, and drop the engine if it was made from the former value; see `model_copy` too."""
        by_default = name == "max_tokens" and "ratio" not in self.model_fields_set
        super().__setattr__(name, value)
        if by_default and value is not None:
            super().__setattr__("ratio", None)
        if name in MADE_FROM:
            self._once = Once()

    def _run(
        self,
        chunks: Sequence[Chunk],
        query: str,
        *,
        order: str = RETRIEVED,
        skipped: Collection[str] = (),
    ) -> CompressedContext:
        """Compress; without a query, information density and redundancy decide.

        Parameters
        ----------
        chunks, query
            The input.
        order
            Of the chunks, if ``config`` names none.
        skipped
            Documents that were left out, for the stats.

        Returns
        -------
        CompressedContext
            The result.
        """
        engine = self._engine()._within(order, self._counted_joint())
        context = engine.compress(chunks, query, max_tokens=self.max_tokens, ratio=self.ratio, keep=self.keep)
        return _noted(_withheld(context, self.abstain), skipped)

    async def _arun(
        self,
        chunks: Sequence[Chunk],
        query: str,
        *,
        order: str = RETRIEVED,
        skipped: Collection[str] = (),
    ) -> CompressedContext:
        """Compress without blocking the event loop, the load of a model included; see `_run`."""
        if (engine := self._once.value) is None:
            engine = await asyncio.to_thread(self._engine)
        context = await engine._within(order, self._counted_joint()).acompress(
            chunks, query, max_tokens=self.max_tokens, ratio=self.ratio, keep=self.keep
        )
        return _noted(_withheld(context, self.abstain), skipped)

    def _frame(self) -> Frame:
        """Return what measures an ``overhead`` of ``"auto"``, with the engine's counter."""
        counter = self._engine().counter
        count = counter.count if self.on_error == "raise" else counter.count_or_bytes
        return Frame(count, self._joint())

    def _joint(self) -> str:
        """Return what the prompt joins the documents with."""
        if self.separator is not None:
            return self.separator
        named = (self.config or Config()).separator
        return SEPARATOR if named == Config().separator else named

    def _counted_joint(self) -> str | None:
        """Return the separator that the engine counts; None if it is part of each document's overhead."""
        return None if self.overhead == "auto" else self._joint()

    def _engine(self) -> SemToken:
        """Return the engine, which is made on first use."""
        return self._once.get(self._make)

    def _make(self) -> SemToken:
        given: dict[str, Any] = {
            "min_tokens": self.min_tokens,
            "deadline": self.deadline,
            "max_calls": self.max_calls,
            "threads": self.threads,
            "titles": self.titles,
            "language": self.language,
            "min_relevance": self.min_relevance,
        }
        return SemToken(
            encoder=self.encoder,
            strategy=self.strategy,
            token_counter=self.token_counter,
            store=self.store,
            on_error=self.on_error,
            config=replace(self.config or Config(), **{k: v for k, v in given.items() if v}),
        )


def _withheld(context: CompressedContext, abstain: str) -> CompressedContext:
    """Return the result; of one that abstains no chunk, or the best one.

    Of an input that fits nothing is ranked, and the best is the retriever's first.
    """
    if not context.stats.abstained:
        return context
    with_text = [chunk for chunk in context.chunks if chunk.text.strip()]
    best = arrange(with_text, RETRIEVED)[:1] if abstain == "best" else ()
    stats = replace(
        context.stats,
        tokens_after=sum(chunk.tokens_after + chunk.chunk.overhead for chunk in best),
        markers=count_markers(chunk.chunk.text[p.start : p.end] for chunk in best for p in chunk.pieces),
    )
    return replace(context, text="".join(chunk.text for chunk in best), chunks=best, stats=stats)


def _noted(context: CompressedContext, skipped: Collection[str]) -> CompressedContext:
    """Return the result with the documents that were left out in its stats."""
    if not skipped:
        return context
    return replace(context, stats=replace(context.stats, skipped=tuple(skipped)))
