"""The API key."""

from __future__ import annotations

from hmac import compare_digest

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from semtoken_rag.web.errors import problem
from semtoken_rag.web.paths import own_path

OPEN = ("/health",)  # what a container's check and a balancer ask


class ApiKey:
    """ASGI middleware that refuses requests without the key.

    Parameters
    ----------
    app
        The application.
    key
        What callers must send as ``Authorization: Bearer KEY``.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self.app, self._expected = app, key.encode()

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
        if scope["type"] == "http" and own_path(scope) not in OPEN:
            scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
            same = compare_digest(given.encode("latin-1"), self._expected)  # in a time that tells nothing
            if not same or scheme.lower() != "bearer":
                refused = problem(
                    401, "send the key as Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"}
                )
                await refused(scope, receive, send)
                return
        await self.app(scope, receive, send)
