"""``semtoken mcp``: tools for agents, over standard input and output."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Annotated

import typer

from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import Encoder, Store, Threads, open_store
from semtoken_rag.cli.streams import Closed


def mcp(
    folders: Annotated[
        list[str] | None, typer.Argument(help="Folders whose files may be searched; no others are read.")
    ] = None,
    encoder: Encoder = "auto",
    store: Store = None,
    threads: Threads = None,
) -> None:
    """Serve tools to an agent over the Model Context Protocol: search FOLDERS, compress texts, expand."""
    with one_line():
        import anyio

        from semtoken_rag import Config, SemToken
        from semtoken_rag.mcp_server import Folders, create_server
        from semtoken_rag.mcp_server.server import serve

        if sys.stdin is None or isinstance(sys.stdout, Closed):
            raise ValueError("the protocol needs standard input and output, got a closed one")
        allowed = Folders(folders or [])
        kept = open_store(store) or "memory://"
        engine = SemToken(encoder=encoder, store=kept, config=Config(order="source"))
    with suppress(KeyboardInterrupt):
        anyio.run(serve, create_server(engine, allowed))
