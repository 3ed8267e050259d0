"""A Content-Security-Policy, and a guard against requests of other sites."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semtoken_rag.web.errors import problem

LOOPBACK = ("127.0.0.1", "localhost")

POLICY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",  # the documents are private
}


class Guard:
    """ASGI middleware that refuses what is not for this page and sets `POLICY` on every response.

    Parameters
    ----------
    app
        The application.
    hosts
        Names and addresses that are answered to, in any spelling, ``"*"`` for any. A request for another is
        refused (DNS rebinding), as is one of another site's page.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app, self._hosts = app, frozenset(map(spell, hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, or refuse the request.

        Parameters
        ----------
        scope
            See the ASGI specification.
        receive
            See there.
        send
            See there.
        """

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(POLICY)
            await send(message)

        if scope["type"] == "http":
            await (self._refusal(scope) or self.app)(scope, receive, send_with_policy)
        else:
            await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        """Return what is answered in place of the application; only browsers send an origin."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if "*" not in self._hosts and _name(host) not in self._hosts:
            return problem(400, f"this server does not answer to the name {host!r:.80}")
        if origin is not None and origin.lower() != f"{scope['scheme']}://{host}".lower():
            return problem(403, f"a page of {origin!r:.80} may not ask this server")
        return None


def spell(host: str) -> str:
    """Return a name or an address as all its spellings are compared.

    >>> spell("[0:0::1]"), spell("Localhost")
    ('::1', 'localhost')
    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return ipaddress.ip_address(bare).compressed
    except ValueError:
        return host.lower()


def _name(host: str) -> str | None:
    """Return the name in a Host header, without the port; None if it is none."""
    found = re.fullmatch(r"(\[[^][]+\]|[^][:]+)(?::\d*)?", host)
    return spell(found[1]) if found else None
