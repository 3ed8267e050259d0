"""Requests passed on to the server behind, and its replies passed back byte for byte."""

from __future__ import annotations

import logging

import httpx
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from semtoken_rag.serve.settings import Upstream

log = logging.getLogger(__name__)

CONNECT = 10.0  # seconds
MAX_CONNECTIONS = 1000
LAST_STATUS = 599

# Of one connection, not of the message (RFC 9110, 7.6.1), or set anew for the next one.
HOP = frozenset(b"connection keep-alive proxy-authenticate te trailer transfer-encoding upgrade".split())
NOT_SENT = HOP | frozenset(
    b"host content-length accept-encoding origin cookie expect proxy-authorization".split()
)
NOT_RETURNED = HOP | frozenset((b"date", b"server", b"set-cookie"))
OURS = b"x-semtoken"

Headers = list[tuple[bytes, bytes]]


class Unreachable(Exception):
    """The server behind gives no reply; ``status`` is what the caller gets."""

    def __init__(self, error: httpx.HTTPError) -> None:
        self.status, what = 502, "broke off"
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            what = "cannot be reached"
        elif isinstance(error, httpx.TimeoutException):
            self.status, what = 504, "does not reply in time"
        super().__init__(f"the server behind this one {what}: {type(error).__name__}")


class Relay:
    """Passes requests on.

    It keeps no cookies, follows no redirects and reads no proxy settings, since callers share it.

    Parameters
    ----------
    upstream
        Where to.
    own_key
        The key of this service, which is never passed on.
    """

    def __init__(self, upstream: Upstream, own_key: str | None) -> None:
        self.upstream, self._own_key = upstream, own_key
        limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=20)
        self._transport = httpx.AsyncHTTPTransport(limits=limits)
        self._timeout = httpx.Timeout(upstream.seconds, connect=CONNECT).as_dict()

    async def send(self, method: str, path: str, headers: Headers, body: bytes) -> Reply:
        """Send a request and return the reply as soon as it begins.

        Parameters
        ----------
        method
            Of HTTP.
        path
            Behind the server's address, with the query string.
        headers
            Of the caller.
        body
            Of the request.

        Returns
        -------
        Reply
            A response for the caller.

        Raises
        ------
        Unreachable
            If there is no reply.
        """
        request = httpx.Request(
            method,
            self.upstream.url + path,
            headers=self._headers(headers),
            content=body,
            extensions={"timeout": self._timeout},
        )
        try:
            reply = await self._transport.handle_async_request(request)
            if reply.status_code > LAST_STATUS:
                await reply.aclose()
                raise httpx.RemoteProtocolError(f"there is no status {reply.status_code}")
        except httpx.HTTPError as error:
            log.warning("the server behind gives no reply: %s", type(error).__name__)
            raise Unreachable(error) from None
        return Reply(reply)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    def _headers(self, given: Headers) -> Headers:
        """Return the headers to send: the caller's, and the key of the server behind."""
        left_out = NOT_SENT
        if self._own_key is not None or self.upstream.api_key is not None:
            left_out = left_out | {b"authorization"}
        headers = _passed(given, left_out)
        if self.upstream.api_key is not None:
            headers.append((b"authorization", f"Bearer {self.upstream.api_key}".encode()))
        encodings = [value for name, value in given if name.lower() == b"accept-encoding"]
        return [*headers, (b"accept-encoding", b", ".join(encodings) or b"identity")]


class Reply(Response):
    """A reply of the server behind, passed on as it comes.

    Parameters
    ----------
    reply
        Its head; its body is not read yet.
    """

    def __init__(self, reply: httpx.Response) -> None:
        self._reply = reply
        self.status_code, self.background = reply.status_code, None
        # Where both are sent, the length is not that of the chunks (RFC 9112, 6.3).
        chunked = {b"content-length"} if "transfer-encoding" in reply.headers else set()
        self.raw_headers = _passed(reply.headers.raw, NOT_RETURNED | chunked)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the reply part by part, and close it.

        Parameters
        ----------
        scope
            See the ASGI specification.
        receive
            See there.
        send
            See there.
        """
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            async for part in self._reply.aiter_raw():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._reply.aclose()


def _passed(given: Headers, left_out: frozenset[bytes]) -> Headers:
    """Return the headers to pass on, without ours and those that ``Connection`` names."""
    headers = [(name.lower(), value) for name, value in given]
    named = (value.lower().split(b",") for name, value in headers if name == b"connection")
    left_out |= {name.strip() for names in named for name in names}
    return [(n, value) for n, value in headers if n not in left_out and not n.startswith(OURS)]
