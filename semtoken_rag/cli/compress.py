"""``semtoken compress``: compress files or standard input for a question."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from semtoken_rag import CompressedContext, Config
from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import (
    Encoder,
    Files,
    Keep,
    Language,
    MaxTokens,
    Query,
    Ratio,
    Titles,
    compress_files,
)
from semtoken_rag.cli.streams import echo
from semtoken_rag.explain.outcome import summary


def compress(
    files: Files = None,
    query: Query = "",
    max_tokens: MaxTokens = None,
    ratio: Ratio = None,
    keep: Keep = None,
    encoder: Encoder = "auto",
    language: Language = None,
    titles: Titles = False,
    as_json: Annotated[bool, typer.Option("--json", help="Text, stats and pieces with offsets.")] = False,
) -> None:
    """Compress FILES, or standard input, for the question."""
    with one_line():
        config = Config(language=language, titles=titles)
        context = compress_files(
            files, query, max_tokens=max_tokens, ratio=ratio, keep=keep, encoder=encoder, config=config
        )
    echo(json.dumps(_as_dict(context), ensure_ascii=False) if as_json else context.text)
    echo(f"semtoken: {summary(context.stats)}", err=True)


def _as_dict(context: CompressedContext) -> dict[str, Any]:
    pieces = [
        {
            "id": kept.chunk.id,
            "start": piece.start,
            "end": piece.end,
            "granularity": piece.granularity.name.lower(),
            "score": float(piece.score),
            "probability": piece.probability,
            "text": kept.chunk.text[piece.start : piece.end],
        }
        for kept in context.chunks
        for piece in kept.pieces
    ]
    return {"text": context.text, "stats": context.stats.as_dict(), "pieces": pieces}
