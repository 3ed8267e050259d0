"""Bodies in whole, within bounds of size, number and time, and work that ends when its client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semtoken_rag.serve.admission import RETRY, Busy
from semtoken_rag.serve.settings import OVERHEAD, ServeConfig
from semtoken_rag.web.errors import problem

LINGER = 20.0  # seconds in which the rest of a refused body is read and thrown away


class TooLarge(Exception):
    """A body has more bytes than it may."""


class Late(Exception):
    """A body was not here in time."""


class Left(Exception):
    """The client left before its body was here."""


class Intake:
    """ASGI middleware that reads each body before the application runs, and stops that if its client leaves.

    Parameters
    ----------
    app
        The application.
    config
        Has the bounds.
    """

    def __init__(self, app: ASGIApp, config: ServeConfig) -> None:
        self.app, self._config = app, config
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body and call the application, or refuse the request.

        Parameters
        ----------
        scope
            See the ASGI specification.
        receive
            See there.
        send
            See there.
        """
        most = self._config.max_bytes
        announced = _announced(Headers(scope=scope), most) if scope["type"] == "http" else 0
        if scope["type"] != "http" or (scope["method"] in ("GET", "HEAD", "OPTIONS") and not announced):
            await self.app(scope, receive, send)
            return
        try:
            if announced > most:
                raise TooLarge
            with self._hold(announced + OVERHEAD):
                body = await self._read(receive)
                await _run(self.app, scope, body, receive, send)
        except TooLarge:
            await problem(413, f"the body must have at most {most} bytes")(scope, receive, send)
        except Busy as error:
            await problem(503, str(error), RETRY)(scope, receive, send)
        except Late:
            late = problem(408, f"the body was not here within {self._config.max_upload:g} s")
            await late(scope, receive, send)
        except Left:
            pass

    async def _read(self, receive: Receive) -> bytes:
        try:
            return await asyncio.wait_for(_read(receive, self._config.max_bytes), self._config.max_upload)
        except asyncio.TimeoutError:
            raise Late from None

    @contextmanager
    def _hold(self, size: int) -> Iterator[None]:
        """Count the bytes of a body as held; raise `Busy` if they are more than half of what is free.

        So large bodies leave room for small ones.
        """
        if 2 * size > self._config.max_held_bytes - self._held:
            raise Busy(f"requests of {self._held} bytes are under way already")
        self._held += size
        try:
            yield
        finally:
            self._held -= size


def _announced(headers: Headers, most: int) -> int:
    """Return the bytes that a body may have: the most if it comes in chunks, whatever length is given."""
    return most if "transfer-encoding" in headers else int(headers.get("content-length", 0))


async def _read(receive: Receive, most: int) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Left
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLarge
        more = message.get("more_body", False)
    return bytes(body)


class Linger:
    """ASGI middleware that reads what is left of a body before a response that did not need it ends.

    A connection that is closed while its client still sends is reset, and the client may lose the response.

    Parameters
    ----------
    app
        The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application.

        Parameters
        ----------
        scope
            See the ASGI specification.
        receive
            See there.
        send
            See there.
        """
        more = scope["type"] == "http" and _announced(Headers(scope=scope), 1) > 0

        async def receiving() -> Message:
            nonlocal more
            message = await receive()
            more = more and message.get("more_body", False)
            return message

        async def drain() -> None:
            while more:
                await receiving()

        async def sending(message: Message) -> None:
            if more and message["type"] == "http.response.body" and not message.get("more_body", False):
                await send({**message, "more_body": True})
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(drain(), LINGER)
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        await self.app(scope, receiving, sending)


async def _run(app: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Run the application on a body, and cancel it if the client leaves before it has the response."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    answered = False
    gone = asyncio.ensure_future(_disconnect(receive))

    async def replay() -> Message:
        if parts:
            return parts.pop()
        await asyncio.shield(gone)
        return {"type": "http.disconnect"}

    async def sending(message: Message) -> None:
        nonlocal answered
        await send(message)
        answered = message["type"] == "http.response.body" and not message.get("more_body", False)

    work = asyncio.ensure_future(app(scope, replay, sending))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if answered or work.done():
            await work
    finally:
        for task in (work, gone):
            task.cancel()
        await asyncio.wait({work, gone})


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
