"""Chats on their way to the server behind, with less context."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from semtoken_rag.budget import Budget
from semtoken_rag.context import CompressedContext
from semtoken_rag.serve import chat
from semtoken_rag.serve.settings import ServeConfig
from semtoken_rag.serve.upstream import Relay, Reply
from semtoken_rag.types import Chunk
from semtoken_rag.web.paths import own_path

CHAT = "/v1/chat/completions"
PASSED_ON = (("GET", "/v1/models"), ("POST", "/v1/completions"), ("POST", "/v1/embeddings"))
SWITCH = "x-semtoken"  # a header; "off" passes a request on as it is
SURELY = 8  # characters of a token; a text of more characters for each token is not counted

Run: TypeAlias = Callable[[Request, Sequence[Chunk], str, Budget], Awaitable[CompressedContext]]


class Proxy:
    """Compresses what is context in a chat, and passes it on.

    Parameters
    ----------
    relay
        Passes requests on.
    config
        Has the budget for requests that give none, and the threshold.
    count
        Counts the reader's tokens.
    run
        Compresses.
    """

    def __init__(self, relay: Relay, config: ServeConfig, count: Callable[[str], int], run: Run) -> None:
        self._relay, self._config, self._count, self._run = relay, config, count, run
        self._sent = chat.Sent()

    async def pass_on(self, request: Request) -> Reply:
        """Pass a request on as it is."""
        return await self._send(request, await request.body(), "unchanged")

    async def chat(self, request: Request) -> Reply:
        """Pass a chat on with less context.

        Parameters
        ----------
        request
            Of the OpenAI protocol; without context, its bytes are passed on unchanged.

        Returns
        -------
        Reply
            That of the server behind. ``x-semtoken`` says what was done: ``compressed``, ``unchanged``,
            ``off`` or ``fallback``; ``x-semtoken-tokens-before`` and ``-after`` count what was context.

        Raises
        ------
        HTTPException
            If the request is none, with status 400; the message says why.
        """
        body = await request.body()
        try:
            asked = chat.parse(body)
            options = chat.options(asked)
            off = request.headers.get(SWITCH, "").lower() == "off" or not options.enabled
            if off:
                found = chat.beside(asked["messages"], options.chunks)
            else:  # counts, for which another server may be asked
                found = await run_in_threadpool(chat.find, asked["messages"], options.chunks, self._is_long)
        except ValueError as error:
            raise HTTPException(400, str(error)) from None
        passed = self._passed(asked)
        done, before, after = "off" if off else "unchanged", 0, 0
        if not off:
            passed["messages"] = self._sent.recall(asked["messages"])
        if found is not None and off:
            passed["messages"] = chat.rewrite(asked["messages"], found, _whole(found))
        elif found is not None:
            context = await self._run(request, found.chunks, found.query, options.budget(self._config.budget))
            failed = context.stats.fallback is not None
            kept = _whole(found) if failed else _kept(context)
            passed["messages"] = chat.rewrite(passed["messages"], found, kept)
            if not options.context:
                self._sent.remember(asked["messages"], passed["messages"])
            before, after = context.stats.tokens_before, context.stats.tokens_after
            done, after = ("fallback", before) if failed else ("compressed", after)
        if passed != asked:
            body = _dumped(passed)
        elif done == "compressed":
            done = "unchanged"
        return await self._send(request, body, done, before, after)

    async def _send(self, request: Request, body: bytes, done: str, before: int = 0, after: int = 0) -> Reply:
        path = own_path(request.scope).removeprefix("/v1")
        path += f"?{request.url.query}" if request.url.query else ""
        reply = await self._relay.send(request.method, path, request.headers.raw, body)
        reply.headers["x-semtoken"] = done
        reply.headers["x-semtoken-tokens-before"] = str(before)
        reply.headers["x-semtoken-tokens-after"] = str(after)
        return reply

    def _passed(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return a request without the field that is ours, and with a model."""
        passed = {name: value for name, value in asked.items() if name != "semtoken"}
        model = self._relay.upstream.model
        return passed if model is None or "model" in passed else {"model": model, **passed}

    def _is_long(self, text: str) -> bool:
        most = self._config.threshold
        return 0 < most <= len(text) and (len(text) > SURELY * most or self._count(text) >= most)


def _kept(context: CompressedContext) -> dict[int, str]:
    return {chunk.index: chunk.text for chunk in context.chunks}


def _whole(found: chat.Context) -> dict[int, str]:
    return {number: chunk.text for number, chunk in enumerate(found.chunks)}


def _dumped(request: dict[str, Any]) -> bytes:
    try:
        return json.dumps(request, allow_nan=False).encode()
    except ValueError:
        raise HTTPException(400, "a number of the request is not finite, which JSON cannot hold") from None
