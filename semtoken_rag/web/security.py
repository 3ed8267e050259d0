"""A Content-Security-Policy, and a guard against requests of other sites."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
    """ASGI middleware that refuses requests of another site's page and sets `POLICY` on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

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

        app = PlainTextResponse("Cross-origin request", 403) if _foreign(scope) else self.app
        await app(scope, receive, send_with_policy if scope["type"] == "http" else send)


def _foreign(scope: Scope) -> bool:
    """Return whether the request comes from a page of another origin; only browsers send an origin."""
    if scope["type"] != "http":
        return False
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")
