"""The playground's server, for the command, and in a thread for tests and scripts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """Listen at an address of IPv4 or IPv6, or at a name's, of IPv4 if it has one.

    Parameters
    ----------
    host
        Address or name; brackets around an address are left out.
    port
        0 takes any that is free.

    Returns
    -------
    socket, str
        The listener, and the URL that leads to it.

    Raises
    ------
    OSError
        If there is no such address here, or the port is in use.
    """
    bare = host.removeprefix("[").removesuffix("]")
    found = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    made = socket.create_server(address, family=family)
    shown = f"[{bare}]" if ":" in bare else bare
    return made, f"http://{shown}:{made.getsockname()[1]}"


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
