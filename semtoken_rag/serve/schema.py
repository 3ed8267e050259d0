"""Requests and responses of the service."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)

from semtoken_rag.budget import Budget
from semtoken_rag.context import CompressedContext
from semtoken_rag.types import Chunk
from semtoken_rag.web.fields import Strict, Text, whole

MAX_PASSAGES = 10_000


def _without_default(schema: dict[str, Any]) -> None:
    """Leave out a default that holds only if no other bound is given."""
    del schema["default"]


Count = Annotated[int, Field(ge=1), BeforeValidator(whole)]


class Bounds(Strict):
    """How much to keep; the bounds that are given all hold, and no other does."""

    ratio: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Largest share of the tokens; the server's default holds if no bound is given.",
        json_schema_extra=_without_default,
    )
    max_tokens: Count | None = Field(None, description="Most tokens.")
    keep: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Chance that nothing wanted is lost: no more tokens than it takes. "
        "Without a query it has no effect.",
    )

    def budget(self, default: Budget) -> Budget:
        """Return the budget: the default if no bound is given."""
        ratio = self.ratio if "ratio" in self.model_fields_set else None
        if ratio is None and self.max_tokens is None and self.keep is None:
            return default
        if ratio is None and self.max_tokens is None:
            ratio = 1.0
        return Budget(self.max_tokens, ratio, self.keep)


class Passage(Strict):
    """A retrieved passage."""

    text: Text
    id: Text | None = Field(None, description="Names it in the pieces; by default its position.")
    title: Text = Field("", description="Title of its document; helps to judge relevance.")
    score: float | None = Field(None, description="The retriever's, higher is better.")

    def chunk(self) -> Chunk:
        """Return it as the engine takes it."""
        return Chunk(self.text, id=self.id, title=self.title, score=self.score)


class Question(Bounds):
    """Passages, a question, and a budget."""

    chunks: list[Passage] = Field(max_length=MAX_PASSAGES)
    query: Text = Field("", description="Without one, the densest units are kept.")


class Slice(BaseModel):
    """A kept slice: characters ``start`` to ``end`` of a passage."""

    id: str
    start: int
    end: int
    text: str


class Compressed(BaseModel):
    """The text for the LLM, and the source of each part."""

    text: str
    pieces: list[Slice]
    tokens_before: int
    tokens_after: int
    fallback: str | None = Field(description="The failure after which the passages were truncated.")
    confidence: float | None = Field(
        description="Chance that nothing wanted was lost; null without a query or a calibration."
    )
    cut_by: str | None = Field(
        description="What ended the selection: keep, max_tokens or ratio; null if nothing was left out."
    )
    answerable: float | None = Field(
        description="Chance that the passages answer the query at all; null where it was not asked."
    )

    @classmethod
    def of(cls, context: CompressedContext) -> Compressed:
        """Return the response for a compressed context."""
        pieces = [
            Slice(id=kept.id, start=p.start, end=p.end, text=kept.chunk.text[p.start : p.end])
            for kept in context.chunks
            for p in kept.pieces
        ]
        stats = context.stats
        return cls(
            text=context.text,
            pieces=pieces,
            tokens_before=stats.tokens_before,
            tokens_after=stats.tokens_after,
            fallback=stats.fallback,
            confidence=stats.confidence,
            cut_by=stats.cut_by,
            answerable=stats.answerable,
        )


class Document(Strict):
    """A document as an object; its other fields do nothing."""

    model_config = ConfigDict(extra="ignore")

    text: Text


class Reranking(Bounds):
    """Documents to order for a question; other fields are taken and do nothing."""

    model_config = ConfigDict(extra="ignore")

    query: Text = Field(min_length=1)
    documents: list[Text | Document] = Field(
        max_length=MAX_PASSAGES,
        validation_alias=AliasChoices("documents", "texts"),
        description="May be called texts as well.",
    )
    top_n: Count | None = Field(None, description="Most results; all without it.")
    return_documents: bool = Field(False, description="Whether each result has its whole document.")

    @property
    def texts(self) -> list[str]:
        """The documents' texts."""
        return [d if isinstance(d, str) else d.text for d in self.documents]


class Result(BaseModel):
    """A document's place, and what to pass on of it."""

    index: int = Field(description="Position of the document in the request.")
    relevance_score: float = Field(
        ge=0,
        le=1,
        description="Higher is better: the chance that its best part is wanted, if the encoder has a "
        "calibration; else a score that only orders.",
    )
    pruned_text: str = Field(description="What is kept of it within the budget of the request; may be empty.")
    document: Document | None = None


class Reranked(BaseModel):
    """The documents, the most relevant first."""

    model: str
    results: list[Result]


class Health(BaseModel):
    """The service is up."""

    status: str = "ok"
    version: str
    encoder: str


class ChatOptions(Bounds):
    """The field ``semtoken`` of a chat request; it is not passed on."""

    enabled: bool = True
    context: list[Text | Passage] = Field(
        [],
        max_length=MAX_PASSAGES,
        description="What was retrieved; what is kept of it goes before the question.",
    )

    @property
    def chunks(self) -> list[Chunk]:
        """The context as the engine takes it."""
        return [Chunk(c) if isinstance(c, str) else c.chunk() for c in self.context]
