"""``semtoken ingest``: fill a store with the fingerprints of a corpus."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from semtoken_rag import SemToken
from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.streams import echo
from semtoken_rag.ingest import IngestStats, ingest_ray, open_source
from semtoken_rag.ingest import ingest as ingest_here
from semtoken_rag.ingest.local import OnProgress
from semtoken_rag.store.registry import resolve_store


class Engine(str, Enum):
    """Executor of the ingestion."""

    LOCAL = "local"
    RAY = "ray"


def ingest(
    source: Annotated[
        Path, typer.Argument(help="A folder of .txt and .md files, a .jsonl or a .parquet file.")
    ],
    store: Annotated[str, typer.Option(metavar="URL", help="sqlite:///file or redis://host.")],
    encoder: Annotated[str, typer.Option(help="auto, static, or a model's name or path.")] = "auto",
    engine: Annotated[Engine, typer.Option(help="This process, or a Ray cluster.")] = Engine.LOCAL,
    workers: Annotated[
        int | None, typer.Option(help="With ray; by default one per GPU, or one per CPU.")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Chunks encoded and written together.")] = 64,
) -> None:
    """Fill a store with the fingerprints of SOURCE. A run that was killed goes on when it is repeated."""
    with one_line():
        if workers is not None and engine is Engine.LOCAL:
            raise ValueError(f"--workers is for --engine ray, got {workers} with --engine local")
        _check_store(store)
        with _bar(source) as on_progress:
            if engine is Engine.RAY:
                _quiet_ray()
                done = ingest_ray(
                    source,
                    store=store,
                    encoder=encoder,
                    workers=workers,
                    batch_size=batch_size,
                    on_progress=on_progress,
                )
            else:
                made = SemToken(encoder=encoder, store=store)
                done = ingest_here(made, open_source(source), batch_size=batch_size, on_progress=on_progress)
    echo(f"{done.chunks} chunks, {done.new} new, {done.tokens} tokens in {done.seconds:.1f} s")


def _check_store(store: str) -> None:
    """Read from the store once, so that a missing server is an error before a model is loaded."""
    if store.startswith("memory:"):
        raise ValueError(f"--store must outlive the command, got {store!r}")
    made = resolve_store(store)
    try:
        made.mget([""])
    except ImportError:
        raise
    except Exception as error:  # each kind of store raises its own
        raise ValueError(f"--store {store!r} cannot be used: {error}") from error


def _quiet_ray() -> None:
    """Set the variables that Ray reads at its import, for this process alone, and ignore its warnings."""
    warnings.filterwarnings("ignore", module=r"ray\.")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its core writes to the terminal
    if not os.environ.get("RAY_ADDRESS"):
        # A cluster that is started here listens on this machine alone, as is Ray's default elsewhere.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")


@contextmanager
def _bar(source: Path) -> Iterator[OnProgress | None]:
    """Show a progress bar if there is a terminal; yield the callback that updates it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Progress(console=console) as bar:
        task = bar.add_task("Ingesting", total=open_source(source).rows())

        def show(done: IngestStats) -> None:
            bar.update(task, completed=done.chunks, description=f"Ingesting, {done.new} new")

        yield show
