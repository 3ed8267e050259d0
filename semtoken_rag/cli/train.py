"""``semtoken train``: train an adapter on one's own questions."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import Threads
from semtoken_rag.cli.outputs import check_apart
from semtoken_rag.cli.streams import echo
from semtoken_rag.encoders.registry import check_name, resolve_encoder
from semtoken_rag.examples import read_examples

if TYPE_CHECKING:
    from semtoken_rag.train.trainer import Check


def train(
    questions: Annotated[Path, typer.Argument(help="JSON Lines: question, chunks, and gold or answers.")],
    out: Annotated[
        Path, typer.Option(help="File of the adapter, or .onnx of the whole; it is an encoder=.")
    ] = Path("adapter.safetensors"),
    base: Annotated[str, typer.Option(help="minilm, e5, or a model's name or path.")] = "minilm",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the questions at most.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the order and the first weights.")] = 0,
    runs: Annotated[int, typer.Option(min=1, help="Trainings whose changes are averaged.")] = 1,
    threads: Threads = None,
) -> None:
    """Train an encoder's fingerprints on QUESTIONS: an adapter of a few megabytes, or an ONNX file.

    The same command takes up an interrupted training, from OUT.state.
    """
    with one_line():
        checks = _train(questions, out, base, epochs, seed, runs)
    before, after = checks[0], checks[-1]
    table = Table(title="questions held back", title_justify="left")
    for column in ("", "before", f"after {after.step} steps"):
        table.add_column(column)
    table.add_row("loss", f"{before.loss:.3f}", f"{after.loss:.3f}")
    for ratio in before.recall:
        name = f"gold within {ratio:.0%} of the tokens"
        table.add_row(name, f"{before.recall[ratio]:.3f}", f"{after.recall[ratio]:.3f}")
    Console().print(table)
    echo(f"{out}, {out.stat().st_size / 1e6:.2f} MB")


def _train(questions: Path, out: Path, base: str, epochs: int, seed: int, runs: int) -> list[Check]:
    check_name(base)  # what is wrong is said before torch and the model are loaded
    check_apart("--out", out, [questions, base])
    read = read_examples(questions)

    from semtoken_rag.encoders.transformer import TransformerEncoder
    from semtoken_rag.train.examples import split
    from semtoken_rag.train.trainer import Recipe, Trainer

    encoder = resolve_encoder(base)
    if not isinstance(encoder, TransformerEncoder):
        raise ValueError(f"base must be a transformer, got {base!r}")
    examples, held_back = split(read, seed=seed)
    trainer = Trainer(encoder, Recipe(epochs=epochs, seed=seed, runs=runs))
    state = out.with_name(f"{out.name}.state")
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("Training")
        checks = trainer.run(
            examples,
            held_back,
            lambda step, total, loss: bar.update(
                task, completed=step, total=total, description=f"Training, loss {loss:.3f}"
            ),
            state,
        )
    trainer.save(out, base)
    shutil.rmtree(state, ignore_errors=True)
    return checks
