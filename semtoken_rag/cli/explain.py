"""``semtoken explain``: show what a call keeps and drops, and why, in the terminal or as a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

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
from semtoken_rag.cli.outputs import STDIN, check_apart, check_output
from semtoken_rag.cli.sources import read_sources
from semtoken_rag.cli.streams import echo


def explain(
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
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page for a browser instead.")
    ] = None,
) -> None:
    """Show what is kept and dropped of FILES, or of standard input, and why."""
    with one_line():
        budget = read_budget(max_tokens, ratio, keep)
        engine = make_engine(encoder, open_store(store), language=language, titles=titles)
        if html is not None:
            check_output("--html", html, files or [STDIN])
        sources = read_sources(files or [STDIN])
        if html is not None:
            check_apart("--html", html, sources.documents)  # a file of a folder
        context, _ = compress_sources(sources, query, budget, engine=engine)
        placed = [replace(passage, title=sources.citation(passage)) for passage in context.source]
        context = replace(context, source=tuple(placed))  # as titles for the eye
        if html is not None:
            context.to_html(html)
            echo(f"{html}: open it in a browser", err=True)
            return
    Console().print(context)
