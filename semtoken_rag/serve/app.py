"""The service as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from semtoken_rag import __version__
from semtoken_rag.budget import Budget
from semtoken_rag.compressor import SemToken
from semtoken_rag.context import CompressedContext
from semtoken_rag.errors import CallRejected
from semtoken_rag.serve.access import ApiKey
from semtoken_rag.serve.admission import RETRY, Admission, Busy
from semtoken_rag.serve.intake import Intake, Linger
from semtoken_rag.serve.monitor import Metrics, Monitor
from semtoken_rag.serve.proxy import CHAT, PASSED_ON, Proxy
from semtoken_rag.serve.rerank import rerank
from semtoken_rag.serve.schema import Compressed, Health, Question, Reranked, Reranking
from semtoken_rag.serve.settings import ServeConfig, Upstream
from semtoken_rag.serve.upstream import Relay, Unreachable
from semtoken_rag.types import Chunk
from semtoken_rag.web.errors import Problem, describe, problem
from semtoken_rag.web.security import Guard

ENDPOINTS = (
    *("/v1/compress", "/compress", "/v1/rerank", "/rerank", "/health", "/metrics", "/openapi.json"),
    *(CHAT, *(path for _, path in PASSED_ON)),
)

Refusals: TypeAlias = dict[int | str, dict[str, Any]]


def create_app(
    engine: SemToken, config: ServeConfig | None = None, *, upstream: Upstream | None = None
) -> FastAPI:
    """Return the service as an ASGI application.

    Parameters
    ----------
    engine
        Compresses. Its own ``Config(deadline=)`` bounds how long a call computes.
    config
        See `ServeConfig`; None: the defaults.
    upstream
        The server that chats are passed on to; None: there is none, and they are answered 404.

    Returns
    -------
    FastAPI
        The application. It has no page of its own: its description is at ``/openapi.json``.
    """
    config = config or ServeConfig()
    metrics = Metrics()
    relay = Relay(upstream, config.api_key) if upstream else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        if relay:
            await relay.aclose()

    app = FastAPI(title="SemToken", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    service = Service(engine, config)
    _handle_errors(app)
    _add_compression(app, service)
    _add_proxy(app, Proxy(relay, config, engine.counter.count_or_bytes, service.run) if relay else None)
    _add_probes(app, service, metrics)
    app.add_middleware(Intake, config=config)
    if config.api_key is not None:
        app.add_middleware(ApiKey, key=config.api_key)
    app.add_middleware(Guard, hosts=config.hosts)
    app.add_middleware(Linger)
    app.add_middleware(Monitor, metrics=metrics, endpoints=ENDPOINTS)  # the last one is the outermost
    return app


class Service:
    """The engine, and the bound on its calls.

    Parameters
    ----------
    engine
        Compresses.
    config
        Has the bounds.
    """

    def __init__(self, engine: SemToken, config: ServeConfig) -> None:
        self.engine, self.config = engine, config
        self._admission = Admission(config.calls, config.max_waiting, config.max_wait)
        self.refusals = _refusals(config)

    async def run(
        self, request: Request, chunks: Sequence[Chunk], query: str, budget: Budget
    ) -> CompressedContext:
        """Compress in turn with the other calls.

        Parameters
        ----------
        request
            Gets the figures of the call.
        chunks
            See `SemToken.compress`.
        query
            See there.
        budget
            The bounds.

        Returns
        -------
        CompressedContext
            The result.

        Raises
        ------
        Busy
            If there is no turn in time.
        """
        async with self._admission.turn():
            context = await self.engine.acompress(
                chunks, query, max_tokens=budget.max_tokens, ratio=budget.ratio, keep=budget.keep
            )
        request.state.figures.add(context.stats)
        return context


def _add_compression(app: FastAPI, service: Service) -> None:
    default, refusals = service.config.budget, service.refusals

    @app.post("/compress", responses=refusals, include_in_schema=False)
    @app.post("/v1/compress", responses=refusals)
    async def compress(request: Request, question: Question) -> Compressed:
        """Compress passages for a question under a budget."""
        chunks = [passage.chunk() for passage in question.chunks]
        return Compressed.of(await service.run(request, chunks, question.query, question.budget(default)))

    @app.post("/rerank", responses=refusals, include_in_schema=False, response_model_exclude_none=True)
    @app.post("/v1/rerank", responses=refusals, response_model_exclude_none=True)
    async def order(request: Request, asked: Reranking) -> Reranked:
        """Order documents for a question, with what to pass on of each."""

        async def run(chunks: Sequence[Chunk], budget: Budget) -> CompressedContext:
            return await service.run(request, chunks, asked.query, budget)

        results = await rerank(asked, asked.budget(default), run)
        return Reranked(model=service.engine.encoder.name, results=results)


def _add_proxy(app: FastAPI, proxy: Proxy | None) -> None:
    async def chat(request: Request) -> Response:
        """Pass a chat on to the server behind, with less context; its reply is passed back as it comes."""
        return await _there(proxy).chat(request)

    async def pass_on(request: Request) -> Response:
        return await _there(proxy).pass_on(request)

    app.post(CHAT, responses=_proxy_refusals(), openapi_extra=_chat_body(), response_class=Response)(chat)
    for method, path in PASSED_ON:
        app.add_api_route(path, pass_on, methods=[method], include_in_schema=False)


def _there(proxy: Proxy | None) -> Proxy:
    if proxy is None:
        raise HTTPException(404, "no server is behind this one: start it with --upstream")
    return proxy


def _add_probes(app: FastAPI, service: Service, metrics: Metrics) -> None:
    @app.get("/health")
    async def health() -> Health:
        """Say that the service is up."""
        return Health(version=__version__, encoder=service.engine.encoder.name)

    locked: Refusals = {401: service.refusals[401]} if 401 in service.refusals else {}

    @app.get("/metrics", responses=locked, response_class=Response)
    async def show_metrics() -> Response:
        """Return the metrics for Prometheus."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _handle_errors(app: FastAPI) -> None:
    """Answer errors with a `Problem`."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(422, describe(error))

    @app.exception_handler(AnyHTTPException)
    async def refuse(request: Request, error: AnyHTTPException) -> JSONResponse:
        return problem(error.status_code, error.detail, error.headers)

    @app.exception_handler(ValueError)
    async def impossible(request: Request, error: ValueError) -> JSONResponse:
        """Answer what the schema takes and the engine refuses, as a promise without a calibration."""
        return problem(409, str(error))

    @app.exception_handler(Busy)
    @app.exception_handler(CallRejected)
    async def busy(request: Request, error: Exception) -> JSONResponse:
        return problem(503, str(error), RETRY)

    @app.exception_handler(Unreachable)
    async def unreachable(request: Request, error: Unreachable) -> JSONResponse:
        return problem(error.status, str(error))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        return problem(500, f"failed inside: {type(error).__name__}")


def _described(said: dict[int, str]) -> Refusals:
    return {status: {"description": text, "model": Problem} for status, text in said.items()}


def _refusals(config: ServeConfig) -> Refusals:
    key = {401: "Without the key"} if config.api_key is not None else {}
    return _described(
        {
            400: "Not UTF-8, or not JSON",
            408: "The body was not here in time",
            409: "What keep asks for cannot be promised here",
            413: f"More than {config.max_bytes} bytes",
            422: "Not understood",
            503: "Too many calls wait already",
        }
        | key
    )


def _proxy_refusals() -> Refusals:
    return _described(
        {
            400: "Not understood",
            404: "No server is behind this one",
            502: "The server behind cannot be reached",
            504: "The server behind does not reply in time",
        }
    )


def _chat_body() -> dict[str, Any]:
    """Describe the body of a chat, which is read by hand, since all of it is passed on."""
    message = {"type": "object", "properties": {"role": {"type": "string"}}, "required": ["role"]}
    schema = {
        "type": "object",
        "properties": {
            "messages": {"type": "array", "items": message},
            "semtoken": {
                "type": "object",
                "description": "Not passed on: context, max_tokens, ratio, keep, enabled.",
            },
        },
        "required": ["messages"],
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
