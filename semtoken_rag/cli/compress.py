"""``semtoken compress``: files or standard input, cut to what answers a question."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from semtoken_rag import Chunk, CompressedContext, SemToken
from semtoken_rag.cli.errors import one_line

Number = TypeVar("Number", int, float)


def compress(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Each file is one chunk; standard input where none is given.")
    ] = None,
    query: Annotated[
        str, typer.Option("--query", "-q", help="The question; density alone without one.")
    ] = "",
    max_tokens: Annotated[str | None, typer.Option(metavar="N", help="Most tokens to pass on.")] = None,
    ratio: Annotated[
        str | None, typer.Option(metavar="R", help="Largest share of the tokens to pass on.")
    ] = None,
    encoder: Annotated[str, typer.Option(help="auto, static, or a model's name or path.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Text, stats and pieces with offsets.")] = False,
) -> None:
    """Compress FILES, or standard input, to what answers the question."""
    with one_line():
        tokens = _number(max_tokens, int, "--max-tokens")
        share = _number(ratio, float, "--ratio")
        chunks = _read(files or [])
        with Console(stderr=True).status("Compressing"):  # silent where it is no terminal
            context = SemToken(encoder=encoder).compress(chunks, query, max_tokens=tokens, ratio=share)
    typer.echo(json.dumps(_as_dict(context), ensure_ascii=False) if as_json else context.text)


def _number(value: str | None, kind: Callable[[str], Number], name: str) -> Number | None:
    """Convert here rather than in typer, whose message leaves the value out."""
    try:
        return None if value is None else kind(value)
    except ValueError:
        raise ValueError(f"{name} must be a number, got {value!r}") from None


def _read(files: list[Path]) -> list[Chunk]:
    """Read bytes, not text: newline translation would shift the offsets."""
    if not files:
        return [Chunk(_decode(typer.get_binary_stream("stdin").read(), "stdin"), id="stdin")]
    return [Chunk(_decode(file.read_bytes(), str(file)), id=str(file), title=file.stem) for file in files]


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name} must be UTF-8, got {data[error.start : error.end]!r} at {error.start}"
        ) from None


def _as_dict(context: CompressedContext) -> dict[str, Any]:
    pieces = [
        {
            "id": kept.chunk.id,
            "start": piece.start,
            "end": piece.end,
            "granularity": piece.granularity.name.lower(),
            "score": float(piece.score),
            "text": kept.chunk.text[piece.start : piece.end],
        }
        for kept in context.chunks
        for piece in kept.pieces
    ]
    stats = {**asdict(context.stats), "ratio": context.stats.ratio}
    return {"text": context.text, "stats": stats, "pieces": pieces}
