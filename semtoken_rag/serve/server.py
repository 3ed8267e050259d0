"""The service's HTTP server, with bounds on how long a client may keep it waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from semtoken_rag.serve.logs import CONFIG
from semtoken_rag.web.listen import running

MAX_CONNECTIONS = 1000


class PunctualProtocol(H11Protocol):
    """HTTP/1.1 that drops a client which does not send or read for too long.

    uvicorn bounds how long a connection is idle after a response, not how long a request takes to arrive or a
    response to be read: a client that sends a byte a minute would stay for ever.
    """

    patience = 30.0
    """Seconds for a request to arrive, and for a full buffer to be read."""

    _late: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        for timer in (self._late, self._stalled):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Expect the rest of a request that is not complete."""
        super().data_received(data)
        self._expect()

    def on_response_complete(self) -> None:
        """Expect the next request; uvicorn closes earlier if nothing of it comes."""
        super().on_response_complete()
        self._expect()

    def pause_writing(self) -> None:
        """Expect that the client reads."""
        super().pause_writing()
        self._stalled = self._abort_later()

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also if its client does not read what it was sent."""
        super().timeout_keep_alive_handler()
        self._abort_later()

    def _expect(self) -> None:
        """Give a request that is not complete its time, once."""
        complete = self.conn.their_state not in (h11.IDLE, h11.SEND_BODY)
        if complete and self._late is not None:
            self._late.cancel()
            self._late = None
        elif not complete and self._late is None:
            self._late = self._abort_later()

    def _abort_later(self) -> asyncio.TimerHandle:
        return self.loop.call_later(self.patience, self.transport.abort)


def make_server(
    app: FastAPI, *, patience: float = PunctualProtocol.patience, **options: Any
) -> uvicorn.Server:
    """Return a server for an application.

    Parameters
    ----------
    app
        See `semtoken_rag.serve.app.create_app`.
    patience
        Seconds for a request to arrive, and for a full buffer to be read.
    **options
        Of ``uvicorn.Config``, before those that are set here.

    Returns
    -------
    uvicorn.Server
        At SIGTERM and Ctrl+C it accepts no more, and gives requests under way 30 seconds to end.
    """
    given: dict[str, Any] = {
        "http": type("Protocol", (PunctualProtocol,), {"patience": patience}),
        "ws": "none",
        "access_log": False,
        "server_header": False,
        "log_config": CONFIG,
        "limit_concurrency": MAX_CONNECTIONS,
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": 30,
    }
    return uvicorn.Server(uvicorn.Config(app, **{**given, **options}))


@contextmanager
def serving(app: FastAPI, **options: Any) -> Iterator[str]:
    """Serve ``app`` in another thread on a free port of this machine; yield its URL without a path."""
    quiet = {"log_config": None, "timeout_graceful_shutdown": 1}
    with running(make_server(app, **{**quiet, **options})) as url:
        yield url
