"""A server behind the proxy that shows what reaches it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

pytest.importorskip("fastapi")
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

from semtoken_rag.serve.server import serving


@dataclass
class Behind:
    """An HTTP server of which the tests see what it was sent."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    left: int = 0

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Messages of the last request."""
        return json.loads(self.bodies[-1])["messages"]

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.api_route("/v1/{path:path}", methods=["GET", "POST"])
        async def take(request: Request):
            self.bodies.append(await request.body())
            self.headers.append(dict(request.headers))
            self.paths.append(f"{request.url.path}?{request.url.query}")
            asked = json.loads(self.bodies[-1] or "{}")
            if status := asked.get("status"):
                return JSONResponse({"odd": "body"}, status, {"retry-after": "7", "set-cookie": "a=b"})
            if asked.get("stream"):
                return StreamingResponse(self.parts(asked.get("parts")), media_type="text/event-stream")
            return JSONResponse({"ok": True}, headers={"set-cookie": "a=b"})

        return app

    async def parts(self, number: int | None) -> AsyncIterator[bytes]:
        """Stream so many events, without a number for ever; with a negative one, break off."""
        sent = 0
        try:
            while number is None or sent < abs(number):
                yield f"data: {sent}\n\n".encode()
                sent += 1
                await asyncio.sleep(0.01)
            if number and number < 0:
                raise ConnectionError("as asked")
        except (asyncio.CancelledError, GeneratorExit):
            self.left += 1
            raise


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    made = Behind()
    with serving(made.app()) as url:
        made.url = f"{url}/v1"
        yield made
