"""HTTP to a server of models, by the standard library, with each failure as one sentence."""

from __future__ import annotations

import json
import os
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from semtoken_rag._internal.checks import check_key, check_seconds
from semtoken_rag.readers.address import Address

MAX_REPLY = 64 * 2**20  # bytes of one reply that is read whole
MAX_ERROR = 2**16  # bytes of an error's body
SHOWN = 200  # characters of a server's own words


class ServerError(ConnectionError):
    """A server cannot be reached, refuses, or answers with what is not the protocol.

    Parameters
    ----------
    message
        One sentence.
    status
        Status of the reply; None if there is none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class StreamBroken(ServerError):
    """A stream ended before its answer did; the parts that came before are all that there is."""


class Connection:
    """Requests to one server; each opens a socket of its own, so that threads can share a connection.

    Parameters
    ----------
    address
        The server.
    api_key
        Sent as a bearer token; None: the variable OPENAI_API_KEY, if it is set.
    timeout
        Seconds without a byte after which a request has failed, above 0.

    Raises
    ------
    ValueError
        If the key cannot be in a header, or the timeout is not above 0.
    """

    def __init__(self, address: Address, *, api_key: str | None = None, timeout: float = 120.0) -> None:
        key = os.environ.get("OPENAI_API_KEY", "") if api_key is None else api_key
        self._key = key and check_key("the API key", key)
        self.address, self.timeout = address, check_seconds("timeout", timeout)
        self.requests = 0

    def get(self, path: str) -> Any:
        """Return the JSON of a path below the address."""
        return self._json(Request(self.address.url + path))

    def post(self, url: str, body: dict[str, Any]) -> Any:
        """Return the JSON that the server answers to JSON."""
        return self._json(_request(url, body))

    def open(self, path: str, body: dict[str, Any]) -> HTTPResponse:
        """Return the open reply to JSON, for a stream of events; the caller closes it."""
        reply = self._send(_request(self.address.url + path, body))
        if reply.headers.get_content_type() == "text/event-stream":
            return reply
        raise self.not_the_protocol(self._read(reply, MAX_ERROR))

    def not_the_protocol(self, got: bytes) -> ServerError:
        """Return the error for a reply that cannot be read."""
        start = got[:SHOWN].decode("utf-8", "replace")
        return ServerError(f"{self.address.url} does not answer by OpenAI's protocol, got {start!r}", 200)

    def _json(self, request: Request) -> Any:
        data = self._read(self._send(request), MAX_REPLY + 1)
        try:
            return parse(data if len(data) <= MAX_REPLY else b"")
        except ValueError:
            raise self.not_the_protocol(data) from None

    def _read(self, reply: HTTPResponse, most: int) -> bytes:
        try:
            with reply:
                return reply.read(most)
        except (OSError, HTTPException) as error:
            raise self._failure(error) from error

    def _send(self, request: Request) -> HTTPResponse:
        if self._key:
            request.add_unredirected_header("Authorization", f"Bearer {self._key}")
        self.requests += 1
        try:
            reply: HTTPResponse = _opener(request.host).open(request, timeout=self.timeout)
        except (OSError, HTTPException) as error:
            raise self._failure(error) from error
        return reply

    def _failure(self, error: Exception) -> ServerError:
        """Return the error as one sentence."""
        url = self.address.url
        if isinstance(error, HTTPError):
            try:
                with error:
                    said = words_of(error.read(MAX_ERROR))
            except (OSError, HTTPException):
                said = error.reason
            if error.code in (401, 403):
                found = "refuses the key" if self._key else "asks for a key"
                return ServerError(f"{url} {found} ({error.code}): set OPENAI_API_KEY or api_key", error.code)
            model = f" for model {self.address.model!r}" if self.address.model else ""
            return ServerError(f"{url} refuses the request{model} ({error.code}): {said}", error.code)
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, TimeoutError):
            return ServerError(f"{url} sent nothing for {self.timeout:g} seconds")
        said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return ServerError(f"no server answers at {url}: {said}")


def parse(text: str | bytes) -> Any:
    """Return what JSON says; raise a ValueError, also if it is too deep, if it cannot be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("the JSON is too deep") from None


def words_of(body: bytes) -> str:
    """Return what a server says in the body of an error, in the notations of the known servers.

    >>> words_of(b'{"error": {"message": "no such model", "code": 404}}'), words_of(b'{"error": "no"}')
    ('no such model', 'no')
    """
    text = body.decode("utf-8", "replace")
    try:
        found = parse(text)
    except ValueError:
        found = text
    for key in ("error", "message", "detail"):
        if isinstance(found, dict) and key in found:
            found = found[key]
    return " ".join(str(found).split())[:SHOWN] or "no reason given"


class _NoRedirects(HTTPRedirectHandler):
    """Follows nothing: what is asked, and the key, are for the server that was named."""

    def redirect_request(self, *_: Any) -> None:
        """Return no request, which makes the redirect an error."""


def _request(url: str, body: dict[str, Any]) -> Request:
    return Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _opener(host: str) -> OpenerDirector:
    """Return what sends requests: by the system's proxy, but never to this machine."""
    return build_opener(_NoRedirects, *([ProxyHandler({})] if _is_here(host) else []))


def _is_here(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
