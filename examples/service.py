"""Compression for programs in any language: ``semtoken serve``, made here in a few lines of Python.

    python examples/service.py --port 8000 --store sqlite:///fingerprints.db
    curl localhost:8000/v1/compress --json '{"query": "When did the tower open?", "max_tokens": 8,
        "chunks": [{"id": "a", "text": "The tower opened in 1889. It rained that day."}]}'

The application is an ordinary ASGI one: mount it in yours, with an engine of your own. OpenAPI describes it
at ``/openapi.json``. Positions count code points, as in Python. Languages whose strings count differently
(UTF-16 in JavaScript and Java, bytes in Go and Rust) can use the ``text`` of the pieces.
"""

from __future__ import annotations

from typing import Annotated

import typer
from fastapi import FastAPI

from semtoken_rag import Config, SemToken
from semtoken_rag.serve.app import create_app as create_service
from semtoken_rag.serve.server import make_server
from semtoken_rag.serve.settings import MAX_BYTES, ServeConfig
from semtoken_rag.web.security import LOOPBACK


def create_app(engine: SemToken, max_bytes: int = MAX_BYTES, hosts: tuple[str, ...] = ("*",)) -> FastAPI:
    """Return the service as an ASGI application, by default for any host name."""
    return create_service(engine, ServeConfig(hosts=hosts, max_bytes=max_bytes))


def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    encoder: Annotated[str, typer.Option(help="auto, static, or a model's name or path.")] = "auto",
    store: Annotated[str, typer.Option(help="memory://, sqlite:///file or redis://host.")] = "memory://",
) -> None:
    """Serve until Ctrl+C."""
    engine = SemToken(encoder=encoder, store=store, config=Config(deadline=30))
    app = create_app(engine, hosts=(*LOOPBACK, host))
    make_server(app, host=host, port=port).run()


if __name__ == "__main__":
    typer.run(main)
