"""Shared options of the commands that compress, and their call of the engine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

import typer
from rich.console import Console

from semtoken_rag import Chunk, CompressedContext, Config, SemToken
from semtoken_rag.budget import DEFAULT_RATIO
from semtoken_rag.cli.outputs import STDIN
from semtoken_rag.cli.streams import read_stdin
from semtoken_rag.text.files import decode_utf8

Number = TypeVar("Number", int, float)

Files: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        help="Each file is one chunk; - is standard input, which is read too where none is given."
    ),
]
Query: TypeAlias = Annotated[
    str, typer.Option("--query", "-q", help="The question; density alone without one.")
]
MaxTokens: TypeAlias = Annotated[str | None, typer.Option(metavar="N", help="Most tokens to pass on.")]
Ratio: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="R",
        help=f"Largest share of the tokens to pass on; {DEFAULT_RATIO:g} where no budget is given.",
    ),
]
Keep: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="P",
        help="Chance that nothing wanted is lost, in (0, 1): no more tokens than it takes. "
        "With neither --max-tokens nor --ratio there is no bound, as with --ratio 1.",
    ),
]
Encoder: TypeAlias = Annotated[str, typer.Option(help="auto, static, or a model's name or path.")]
Language: TypeAlias = Annotated[
    str | None, typer.Option(metavar="CODE", help="Language of the sentence rules; found from the text.")
]
Titles: TypeAlias = Annotated[
    bool, typer.Option("--titles", help="Show each file's name before what is kept of it.")
]

# It warns where a bound cut before --keep is reached, which every command here shows in its own words.
logging.getLogger("semtoken_rag.compressor").addHandler(logging.NullHandler())


def compress_files(
    files: Sequence[str] | None,
    query: str,
    *,
    max_tokens: str | None,
    ratio: str | None,
    keep: str | None = None,
    encoder: str,
    config: Config | None = None,
) -> CompressedContext:
    """Compress files, or standard input, for a question.

    Parameters
    ----------
    files
        Each is one chunk; ``-`` is standard input, as is none at all.
    query
        The question; may be empty.
    max_tokens
        Most tokens to pass on, as it was typed.
    ratio
        Largest share of the tokens to pass on, as it was typed; `DEFAULT_RATIO` if nothing else is given.
    keep
        Chance that nothing wanted is lost, as it was typed; if it is given without a bound, there is none.
    encoder
        See `SemToken`.
    config
        Further settings.

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
    promise = _number(keep, float, "--keep")
    if tokens is None and share is None:
        share = DEFAULT_RATIO if promise is None else 1.0
    chunks = _read(files or [STDIN])
    with Console(stderr=True).status("Compressing"):  # silent without a terminal
        engine = SemToken(encoder=encoder, config=config)
        return engine.compress(chunks, query, max_tokens=tokens, ratio=share, keep=promise)


def _number(value: str | None, kind: Callable[[str], Number], name: str) -> Number | None:
    """Convert a number here rather than in typer, whose message omits the value."""
    try:
        return None if value is None else kind(value)
    except ValueError:
        raise ValueError(f"{name} must be a number, got {value!r}") from None


def _read(files: Sequence[str]) -> list[Chunk]:
    """Read files as bytes, since newline translation would shift the offsets."""
    if files.count(STDIN) > 1:
        raise ValueError(f"standard input can be read once, got - {files.count(STDIN)} times")
    return [_read_stdin() if file == STDIN else _read_file(Path(file)) for file in files]


def _read_stdin() -> Chunk:
    return Chunk(decode_utf8(read_stdin(), "stdin"), id="stdin")


def _read_file(file: Path) -> Chunk:
    return Chunk(decode_utf8(file.read_bytes(), str(file)), id=str(file), title=file.stem)
