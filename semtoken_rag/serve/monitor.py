"""What is counted and logged of each request: never its text."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semtoken_rag.result import Stats
from semtoken_rag.web.paths import own_path

log = logging.getLogger(__name__)

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
LEFT = 499  # status in the log and the metrics of a request whose client left


@dataclass
class Figures:
    """What one request cost.

    Attributes
    ----------
    tokens_before, tokens_after
        Tokens of the reader in what was compressed, and in what is left of it.
    fallback
        Name of the failure for which the result is not the encoder's; None if all went well.
    """

    tokens_before: int = 0
    tokens_after: int = 0
    fallback: str | None = None

    def add(self, stats: Stats) -> None:
        """Add a call's figures."""
        self.tokens_before += stats.tokens_before
        self.tokens_after += stats.tokens_after
        if stats.fallback is not None:
            self.fallback = stats.fallback.partition(":")[0]


class Metrics:
    """The metrics of one application, for Prometheus.

    Attributes
    ----------
    registry
        Holds them, and those of the process.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._calls = Counter(
            "semtoken_calls",
            "Requests by endpoint and status.",
            ("endpoint", "status"),
            registry=self.registry,
        )
        self._before = Counter("semtoken_tokens_before", "Tokens of the input.", registry=self.registry)
        self._after = Counter("semtoken_tokens_after", "Tokens passed on.", registry=self.registry)
        self._fallbacks = Counter(
            "semtoken_fallbacks", "Calls that fell back, by failure.", ("failure",), registry=self.registry
        )
        self._seconds = Histogram(
            "semtoken_seconds",
            "Seconds until the response was sent.",
            ("endpoint",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge("semtoken_in_flight", "Requests under way.", registry=self.registry)

    def record(self, endpoint: str, status: int, seconds: float, figures: Figures) -> None:
        """Count a request.

        Parameters
        ----------
        endpoint
            Its path, if there is such an endpoint.
        status
            HTTP status.
        seconds
            Until the response was sent.
        figures
            What it cost.
        """
        self._calls.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)
        self._before.inc(figures.tokens_before)
        self._after.inc(figures.tokens_after)
        if figures.fallback is not None:
            self._fallbacks.labels(figures.fallback).inc()


class Monitor:
    """ASGI middleware that counts and logs each request.

    Parameters
    ----------
    app
        The application.
    metrics
        Count the requests.
    endpoints
        Paths to tell apart; all others are one.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, endpoints: Iterable[str]) -> None:
        self.app, self._metrics, self._endpoints = app, metrics, frozenset(endpoints)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application.

        Parameters
        ----------
        scope
            See the ASGI specification; its state gets `Figures`, which the endpoints fill.
        receive
            See there.
        send
            See there.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, start, path = LEFT, time.perf_counter(), own_path(scope)
        figures = scope.setdefault("state", {})["figures"] = Figures()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.in_flight.track_inprogress():
            try:
                await self.app(scope, receive, sending)
            except Exception:
                status = 500 if status == LEFT else status
                raise
            finally:
                seconds = time.perf_counter() - start
                endpoint = path if path in self._endpoints else "other"
                self._metrics.record(endpoint, status, seconds, figures)
                told = {"endpoint": endpoint, "status": status, "seconds": round(seconds, 4), **vars(figures)}
                log.info("request", extra={"figures": told})
