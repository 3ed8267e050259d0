"""The playground's server, for the command, and in a thread for tests and scripts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


def server(app: FastAPI) -> uvicorn.Server:
    """Return a uvicorn server of ``app`` that logs warnings only."""
    return uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve ``app`` in another thread on a free port of this machine; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = server(app)
        thread = threading.Thread(target=made.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            made.should_exit = made.force_exit = True
            thread.join()
