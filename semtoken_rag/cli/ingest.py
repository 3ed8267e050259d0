"""``semtoken ingest``: fill a store with the fingerprints of a corpus."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from semtoken_rag import SemToken
from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import Encoder, Threads, open_store
from semtoken_rag.cli.sources import tell_skipped
from semtoken_rag.cli.streams import echo
from semtoken_rag.encoders.registry import check_name
from semtoken_rag.ingest import IngestStats, Source, ingest_ray
from semtoken_rag.ingest import ingest as ingest_here
from semtoken_rag.ingest.local import OnProgress
from semtoken_rag.ingest.open import open_sources


class Engine(str, Enum):
    """Executor of the ingestion."""

    LOCAL = "local"
    RAY = "ray"


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders and patterns, cut into passages; of .jsonl and .parquet files each row is a "
            "chunk."
        ),
    ],
    store: Annotated[str, typer.Option(metavar="URL", help="sqlite:///file or redis://host.")],
    splitter: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="passages, as the commands cut; none; or recursive:SIZE:OVERLAP, as LangChain does.",
        ),
    ] = None,
    encoder: Encoder = "auto",
    threads: Threads = None,
    engine: Annotated[Engine, typer.Option(help="This process, or a Ray cluster.")] = Engine.LOCAL,
    workers: Annotated[
        int | None, typer.Option(help="With ray; by default one per GPU, or one per CPU.")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Chunks encoded and written together.")] = 64,
) -> None:
    """Fill a store with the fingerprints of SOURCES. A run that was killed goes on when it is repeated."""
    with one_line():
        if workers is not None and engine is Engine.LOCAL:
            raise ValueError(f"--workers is for --engine ray, got {workers} with --engine local")
        if store.startswith("memory:"):
            raise ValueError(f"--store must outlive the command, got {store!r}")
        check_name(encoder)
        opened = open_sources(sources, splitter)
        kept = open_store(store)
        made = SemToken(encoder=encoder, store=kept) if engine is Engine.LOCAL else None
        done = IngestStats()
        for source in opened:
            with _bar(source) as on_progress:
                if made is not None:
                    more = ingest_here(made, source, batch_size=batch_size, on_progress=on_progress)
                else:
                    _quiet_ray()
                    more = ingest_ray(
                        source,
                        store=store,
                        encoder=encoder,
                        workers=workers,
                        batch_size=batch_size,
                        on_progress=on_progress,
                    )
            done = done.add(more)
        tell_skipped(done.skipped)
        if not done.chunks:
            raise ValueError(f"there must be a file with text, got {', '.join(sources)!r:.200}")
    echo(f"{done.chunks} chunks, {done.new} new, {done.tokens} tokens in {done.seconds:.1f} s")


def _quiet_ray() -> None:
    """Set the variables that Ray reads at its import, for this process alone, and ignore its warnings."""
    warnings.filterwarnings("ignore", module=r"ray\.")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its core writes to the terminal
    if not os.environ.get("RAY_ADDRESS"):
        # A cluster that is started here listens on this machine alone, as is Ray's default elsewhere.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")


@contextmanager
def _bar(source: Source) -> Iterator[OnProgress | None]:
    """Show a progress bar if there is a terminal; yield the callback that updates it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Progress(console=console) as bar:
        task = bar.add_task("Ingesting", total=source.rows())

        def show(done: IngestStats) -> None:
            bar.update(
                task, completed=done.chunks, description=f"Ingesting, {done.chunks} chunks, {done.new} new"
            )

        yield show
