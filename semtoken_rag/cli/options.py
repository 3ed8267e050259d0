"""Shared options of the commands that compress, and their call of the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

import typer
from rich.console import Console

from semtoken_rag import Chunk, CompressedContext, SemToken
from semtoken_rag.text.files import decode_utf8

Number = TypeVar("Number", int, float)

Files: TypeAlias = Annotated[
    list[Path] | None, typer.Argument(help="Each file is one chunk; standard input if none is given.")
]
Query: TypeAlias = Annotated[
    str, typer.Option("--query", "-q", help="The question; density alone without one.")
]
MaxTokens: TypeAlias = Annotated[str | None, typer.Option(metavar="N", help="Most tokens to pass on.")]
Ratio: TypeAlias = Annotated[
    str | None, typer.Option(metavar="R", help="Largest share of the tokens to pass on.")
]
Encoder: TypeAlias = Annotated[str, typer.Option(help="auto, static, or a model's name or path.")]


def compress_files(
    files: list[Path] | None, query: str, *, max_tokens: str | None, ratio: str | None, encoder: str
) -> CompressedContext:
    """Compress files, or standard input, for a question.

    Parameters
    ----------
    files
        Each file is one chunk; standard input is read if there is none.
    query
        The question, "" for none.
    max_tokens
        As given on the command line, None for no bound.
    ratio
        As given on the command line, None for no bound.
    encoder
        As for `SemToken`.

    Returns
    -------
    CompressedContext
        The result.

    Raises
    ------
    ValueError
        If a value is bad, or a file is not UTF-8; shows the value.
    OSError
        If a file cannot be read.
    """
    tokens = _number(max_tokens, int, "--max-tokens")
    share = _number(ratio, float, "--ratio")
    chunks = _read(files or [])
    with Console(stderr=True).status("Compressing"):  # silent without a terminal
        return SemToken(encoder=encoder).compress(chunks, query, max_tokens=tokens, ratio=share)


def _number(value: str | None, kind: Callable[[str], Number], name: str) -> Number | None:
    """Convert a number here rather than in typer, whose message omits the value."""
    try:
        return None if value is None else kind(value)
    except ValueError:
        raise ValueError(f"{name} must be a number, got {value!r}") from None


def _read(files: list[Path]) -> list[Chunk]:
    """Read files as bytes, since newline translation would shift the offsets."""
    if not files:
        return [Chunk(decode_utf8(typer.get_binary_stream("stdin").read(), "stdin"), id="stdin")]
    return [Chunk(decode_utf8(file.read_bytes(), str(file)), id=str(file), title=file.stem) for file in files]
