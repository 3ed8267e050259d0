"""The command ``semtoken``, one module per sub-command."""

from __future__ import annotations

from typing import Annotated

from semtoken_rag import __version__
from semtoken_rag._internal.optional import require

for _needed in ("typer", "rich"):
    require(_needed, extra="cli")

import typer  # noqa: E402  (the check above names the extra)

from semtoken_rag.cli import (  # noqa: E402  (they import both packages)
    calibrate,
    compress,
    evaluate,
    explain,
    figures,
    ingest,
    mcp,
    serve,
    streams,
    train,
    ui,
)

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


app.command()(calibrate.calibrate)
app.command()(compress.compress)
app.command()(evaluate.evaluate)
app.command()(explain.explain)
app.command()(figures.figure)
app.command()(ingest.ingest)
app.command()(mcp.mcp)
app.command()(serve.serve)
app.command()(train.train)
app.command()(ui.ui)


def main() -> None:
    """Run the command line."""
    streams.run(app)
