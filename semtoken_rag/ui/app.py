"""The ASGI application: the page and its event streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from starlette.requests import Request

from semtoken_rag import __version__
from semtoken_rag.files import SUFFIXES
from semtoken_rag.readers.address import EXAMPLE
from semtoken_rag.readers.connection import ServerError
from semtoken_rag.ui.documents import Document, read
from semtoken_rag.ui.events import close_when_left, stream
from semtoken_rag.ui.names import PAPER_LINES, STRATEGY_LINES, encoder_name
from semtoken_rag.ui.workbench import Asked, Workbench
from semtoken_rag.web.errors import describe, problem
from semtoken_rag.web.security import LOOPBACK, Guard

STATIC = Path(__file__).parent / "static"
MAX_BYTES = 20 * 2**20
Left = Annotated[ExitStack, Depends(close_when_left)]


class Server(BaseModel):
    """The address of a server that shall answer."""

    address: str = Field(max_length=2_000)


def create_app(
    workbench: Workbench,
    documents: Sequence[Document] = (),
    *,
    hosts: Sequence[str] = LOOPBACK,
    max_bytes: int = MAX_BYTES,
) -> FastAPI:
    """Return the playground as an ASGI application.

    Parameters
    ----------
    workbench
        Compresses and answers.
    documents
        Documents that the page shows at first.
    hosts
        Host names that the server answers to. Requests for any other name are refused (DNS rebinding).
    max_bytes
        Largest request, and so the largest upload.

    Returns
    -------
    FastAPI
        The application.
    """
    app = FastAPI(
        title="SemToken", version=__version__, docs_url=None, redoc_url=None, max_body_size=max_bytes
    )
    app.add_middleware(Guard, hosts=hosts)
    app.exception_handler(RequestValidationError)(_invalid)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    about = {
        "strategies": STRATEGY_LINES,
        "more": PAPER_LINES,
        "promising": workbench.promising,
        "encoder": {"name": encoder_name(workbench.encoder.name), "id": workbench.encoder.name},
        "address": EXAMPLE,
        "suffixes": SUFFIXES,
        "max_bytes": max_bytes,
        "documents": list(documents),
    }

    app.get("/", include_in_schema=False)(_page)
    app.get("/theme.css", include_in_schema=False)(_theme)

    @app.get("/api/about")
    async def tell() -> dict[str, Any]:
        return {**about, "reader": _reader(workbench)}

    @app.post("/api/reader", response_model=None)
    def connect(server: Server) -> dict[str, Any] | JSONResponse:
        return _connect(workbench, server)

    @app.post("/api/read", response_class=EventSourceResponse)
    async def read_file(
        data: Annotated[bytes, Body(media_type="application/octet-stream")],
        name: Annotated[str, Query(max_length=255)],
        left: Left,
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in stream(read(name, data), left):
            yield event

    @app.post("/api/compress", response_class=EventSourceResponse)
    async def compress(asked: Asked, left: Left) -> AsyncIterator[ServerSentEvent]:
        async for event in stream(workbench.compress(asked), left):
            yield event

    @app.post("/api/answer", response_class=EventSourceResponse)
    async def answer(asked: Asked, left: Left) -> AsyncIterator[ServerSentEvent]:
        async for event in stream(workbench.answer(asked), left):
            yield event

    return app


async def _page() -> FileResponse:
    return FileResponse(STATIC / "index.html")


async def _theme() -> Response:
    """Return the colours that the page of a call has too."""
    return Response((files("semtoken_rag.explain") / "theme.css").read_bytes(), media_type="text/css")


def _connect(workbench: Workbench, server: Server) -> dict[str, Any] | JSONResponse:
    try:
        workbench.connect(server.address)
    except (ValueError, ServerError) as error:
        return problem(422, str(error))
    return {"reader": _reader(workbench)}


def _reader(workbench: Workbench) -> dict[str, str] | None:
    return {"name": str(workbench.reads), "id": workbench.reader.name} if workbench.reader else None


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(422, describe(error))
