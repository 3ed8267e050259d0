"""The command ``semtoken``: compress files or standard input for a question; train an encoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from semtoken_rag import Chunk, CompressedContext, SemToken, __version__

try:
    import typer
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table
except ImportError as error:
    raise ImportError("typer and rich are needed for this: pip install 'semtoken-rag[cli]'") from error

if TYPE_CHECKING:
    from semtoken_rag.train.trainer import Check

Number = TypeVar("Number", int, float)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain error messages
    pretty_exceptions_enable=False,
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"semtoken {__version__}")
        raise typer.Exit


@app.callback()
def semtoken(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Compress retrieved text for a question, with offsets into the source."""


@app.command()
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
    try:
        tokens = _number(max_tokens, int, "--max-tokens")
        share = _number(ratio, float, "--ratio")
        chunks = _read(files or [])
        with Console(stderr=True).status("Compressing"):  # silent where it is no terminal
            context = SemToken(encoder=encoder).compress(chunks, query, max_tokens=tokens, ratio=share)
    except (ValueError, OSError, ImportError) as error:
        typer.echo("semtoken: " + " ".join(str(error).split()), err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(_as_dict(context), ensure_ascii=False) if as_json else context.text)


@app.command()
def train(
    questions: Annotated[Path, typer.Argument(help="JSON Lines: question, chunks, and gold or answers.")],
    out: Annotated[Path, typer.Option(help="The adapter; pass it on as encoder=.")] = Path(
        "adapter.safetensors"
    ),
    base: Annotated[str, typer.Option(help="minilm, or a model's name or path.")] = "minilm",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the questions at most.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the order and the first weights.")] = 0,
) -> None:
    """Train an encoder's fingerprints on QUESTIONS: an adapter of a few megabytes."""
    try:
        checks = _train(questions, out, base, epochs, seed)
    except (ValueError, OSError, ImportError) as error:
        typer.echo("semtoken: " + " ".join(str(error).split()), err=True)
        raise typer.Exit(2) from None
    before, after = checks[0], checks[-1]
    table = Table(title="questions held back", title_justify="left")
    for column in ("", "before", f"after {after.step} steps"):
        table.add_column(column)
    table.add_row("loss", f"{before.loss:.3f}", f"{after.loss:.3f}")
    for ratio in before.recall:
        name = f"gold within {ratio:.0%} of the tokens"
        table.add_row(name, f"{before.recall[ratio]:.3f}", f"{after.recall[ratio]:.3f}")
    Console().print(table)
    typer.echo(f"{out}, {out.stat().st_size / 1e6:.2f} MB")


def _train(questions: Path, out: Path, base: str, epochs: int, seed: int) -> list[Check]:
    from semtoken_rag.encoders.auto import resolve
    from semtoken_rag.encoders.transformer import TransformerEncoder
    from semtoken_rag.train.examples import read_examples, split
    from semtoken_rag.train.trainer import Recipe, Trainer

    encoder = resolve(base)
    if not isinstance(encoder, TransformerEncoder):
        raise ValueError(f"base must be a transformer, got {base!r}")
    examples, held_back = split(read_examples(questions), seed=seed)
    trainer = Trainer(encoder, Recipe(epochs=epochs, seed=seed))
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("Training")
        checks = trainer.run(
            examples,
            held_back,
            lambda step, total, loss: bar.update(
                task, completed=step, total=total, description=f"Training, loss {loss:.3f}"
            ),
        )
    trainer.save(out, base)
    return checks


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


def main() -> None:
    """Run the command line."""
    app()
