"""Compression for programs in any language: ``POST /compress``, described by OpenAPI at ``/openapi.json``.

    python examples/service.py --port 8000 --store sqlite:///fingerprints.db
    curl localhost:8000/compress --json '{"query": "When did the tower open?", "max_tokens": 8,
        "chunks": [{"id": "a", "text": "The tower opened in 1889. It rained that day."}]}'

Positions count code points, as in Python. Languages whose strings count differently (UTF-16 in JavaScript and
Java, bytes in Go and Rust) can use the ``text`` of the pieces.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from semtoken_rag import Chunk, CompressedContext, SemToken
from semtoken_rag.text.encodable import encodable

MAX_BYTES = 20 * 2**20


# A lone surrogate, which JSON can contain and UTF-8 cannot, becomes U+FFFD; positions stay.
Text = Annotated[str, AfterValidator(encodable)]


def whole(value: object) -> object:
    """Convert 8.0 to 8, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Strict(BaseModel):
    """Refuses unknown fields and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Passage(Strict):
    """A retrieved passage."""

    text: Text
    id: Text | None = Field(None, description="Names it in the pieces; by default its position.")
    title: str = Field("", description="Title of its document; helps to judge relevance.")
    score: float | None = Field(None, description="The retriever's, higher is better.")


class Question(Strict):
    """Passages, a question, and a budget."""

    chunks: list[Passage]
    query: str = Field("", description="Without one, the densest units are kept.")
    ratio: float = Field(0.4, gt=0, le=1, description="Largest share of the tokens.")
    max_tokens: Annotated[int | None, BeforeValidator(whole)] = Field(
        None, ge=1, description="Most tokens; both bounds hold."
    )
    keep: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Chance that nothing wanted is lost: no more tokens than it takes. "
        "Without a ratio, the ratio is 1. Without a query it has no effect.",
    )

    @property
    def share(self) -> float:
        """The ratio, which ends at ``keep`` alone if none was given."""
        return 1.0 if self.keep is not None and "ratio" not in self.model_fields_set else self.ratio


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


class Problem(BaseModel):
    """What is wrong with a request."""

    detail: str


def answer(context: CompressedContext) -> Compressed:
    """Return the response for a compressed context."""
    pieces = [
        Slice(id=kept.id, start=p.start, end=p.end, text=kept.chunk.text[p.start : p.end])
        for kept in context.chunks
        for p in kept.pieces
    ]
    stats = context.stats
    return Compressed(
        text=context.text,
        pieces=pieces,
        tokens_before=stats.tokens_before,
        tokens_after=stats.tokens_after,
        fallback=stats.fallback,
        confidence=stats.confidence,
        cut_by=stats.cut_by,
        answerable=stats.answerable,
    )


def create_app(engine: SemToken, max_bytes: int = MAX_BYTES) -> FastAPI:
    """Return the service as an ASGI application."""
    app = FastAPI(title="SemToken", version="1", max_body_size=max_bytes)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        """Describe the error without the input, which may be large or contain NaN, which is not JSON."""
        found = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        return JSONResponse({"detail": "; ".join(found)}, 422)

    refused: dict[int | str, dict[str, Any]] = {
        400: {"description": "Not UTF-8", "model": Problem},
        409: {"description": "What keep asks for cannot be promised here", "model": Problem},
        413: {"description": f"More than {max_bytes} bytes", "content": {"text/plain": {}}},
        422: {"description": "Not understood", "model": Problem},
    }

    @app.post("/compress", responses=refused)
    def compress(question: Question) -> Compressed:
        """Compress passages for a question under a budget."""
        chunks = [Chunk(p.text, id=p.id, title=p.title, score=p.score) for p in question.chunks]
        try:
            context = engine.compress(
                chunks,
                question.query,
                ratio=question.share,
                max_tokens=question.max_tokens,
                keep=question.keep,
            )
        except ValueError as error:  # the schema refused all else
            raise HTTPException(409, str(error)) from None
        return answer(context)

    return app


def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    encoder: Annotated[str, typer.Option(help="auto, static, or a model's name or path.")] = "auto",
    store: Annotated[str, typer.Option(help="memory://, sqlite:///file or redis://host.")] = "memory://",
) -> None:
    """Serve until Ctrl+C."""
    uvicorn.run(create_app(SemToken(encoder=encoder, store=store)), host=host, port=port)


if __name__ == "__main__":
    typer.run(main)
