"""``semtoken compress``: compress files or standard input for a question."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from semtoken_rag import CompressedContext
from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import (
    Encoder,
    Files,
    Keep,
    Language,
    MaxTokens,
    Query,
    Ratio,
    Store,
    Threads,
    Titles,
    compress_sources,
    make_engine,
    open_store,
    read_budget,
)
from semtoken_rag.cli.outputs import STDIN
from semtoken_rag.cli.sources import Sources, read_sources
from semtoken_rag.cli.streams import echo
from semtoken_rag.explain.outcome import summary


def compress(
    files: Files = None,
    query: Query = "",
    max_tokens: MaxTokens = None,
    ratio: Ratio = None,
    keep: Keep = None,
    encoder: Encoder = "auto",
    store: Store = None,
    threads: Threads = None,
    language: Language = None,
    titles: Titles = False,
    cite: Annotated[
        bool,
        typer.Option(
            "--cite", help="Head each part with its file and its lines or pages, inside the budget."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Text, stats and pieces with offsets.")] = False,
) -> None:
    """Compress FILES, or standard input, for the question."""
    with one_line():
        budget = read_budget(max_tokens, ratio, keep)
        engine = make_engine(encoder, open_store(store), language=language, titles=titles)
        sources = read_sources(files or [STDIN])
        context, text = compress_sources(sources, query, budget, engine=engine, cited=cite)
    echo(json.dumps(_as_dict(text, context, sources), ensure_ascii=False) if as_json else text)
    echo(f"semtoken: {summary(context.stats)}", err=True)


def _as_dict(text: str, context: CompressedContext, sources: Sources) -> dict[str, Any]:
    pieces = [
        {
            "id": kept.chunk.source,
            "source": kept.chunk.source,
            "place": sources.place(kept.chunk, (piece.start, piece.end)),
            "start": (kept.chunk.start or 0) + piece.start,
            "end": (kept.chunk.start or 0) + piece.end,
            "granularity": piece.granularity.name.lower(),
            "score": float(piece.score),
            "probability": piece.probability,
            "text": kept.chunk.text[piece.start : piece.end],
        }
        for kept in context.chunks
        for piece in kept.pieces
    ]
    return {"text": text, "stats": context.stats.as_dict(), "pieces": pieces}
