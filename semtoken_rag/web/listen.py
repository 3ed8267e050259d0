"""A socket to listen on."""

from __future__ import annotations

import socket


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
