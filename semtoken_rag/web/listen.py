"""A socket to listen on, and a server in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn


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


@contextmanager
def running(server: uvicorn.Server, *, at_once: bool = False) -> Iterator[str]:
    """Run a server in another thread on a free port of this machine; yield its URL without a path.

    Parameters
    ----------
    server
        The server.
    at_once
        Whether it is stopped without a wait for requests under way.

    Yields
    ------
    str
        The URL.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit, server.force_exit = True, at_once
            thread.join()
