"""``semtoken explain``: show what a call keeps and drops, and why, in the terminal or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from semtoken_rag import Config
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
from semtoken_rag.cli.outputs import STDIN, check_output
from semtoken_rag.cli.streams import echo


def explain(
    files: Files = None,
    query: Query = "",
    max_tokens: MaxTokens = None,
    ratio: Ratio = None,
    keep: Keep = None,
    encoder: Encoder = "auto",
    language: Language = None,
    titles: Titles = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page for a browser instead.")
    ] = None,
) -> None:
    """Show what is kept and dropped of FILES, or of standard input, and why."""
    with one_line():
        if html is not None:
            check_output("--html", html, files or [STDIN])
        config = Config(language=language, titles=titles)
        context = compress_files(
            files, query, max_tokens=max_tokens, ratio=ratio, keep=keep, encoder=encoder, config=config
        )
        if html is not None:
            context.to_html(html)
            echo(f"{html}: open it in a browser", err=True)
            return
    Console().print(context)
