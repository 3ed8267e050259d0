"""The playground's server, for the command, and in a thread for tests and scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from semtoken_rag.web.listen import running


def server(app: FastAPI) -> uvicorn.Server:
    """Return a uvicorn server of ``app`` that logs warnings only."""
    return uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve ``app`` in another thread on a free port of this machine; yield its URL."""
    with running(server(app), at_once=True) as url:
        yield f"{url}/"
