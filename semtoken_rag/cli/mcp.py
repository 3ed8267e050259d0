"""``semtoken mcp``: tools for agents, over standard input and output."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import Encoder


def mcp(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders whose files may be searched; no others are read.")
    ] = None,
    encoder: Encoder = "auto",
) -> None:
    """Serve tools to an agent over the Model Context Protocol: search FOLDERS, compress texts, expand."""
    with one_line():
        import anyio

        from semtoken_rag import Config, SemToken
        from semtoken_rag.mcp_server import Folders, create_server
        from semtoken_rag.mcp_server.server import serve

        allowed = Folders(folders or [])
        engine = SemToken(encoder=encoder, store="memory://", config=Config(order="source"))
    with suppress(KeyboardInterrupt):
        anyio.run(serve, create_server(engine, allowed))
