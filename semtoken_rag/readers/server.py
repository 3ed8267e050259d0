"""A reader behind a server that speaks the protocol of OpenAI: llama.cpp, Ollama, vLLM, LM Studio."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from typing import Any

from semtoken_rag._internal.checks import check_positive
from semtoken_rag.budget import TokenCounter
from semtoken_rag.context import CompressedContext
from semtoken_rag.readers.address import Address
from semtoken_rag.readers.connection import SHOWN, Connection, ServerError, StreamBroken, parse, words_of
from semtoken_rag.readers.tokenizer import ServerTokenizer, load_tokenizer
from semtoken_rag.text.encodable import encodable

MAX_LINE = 2**20  # bytes of one event
DONE = b"[DONE]"
ASKED = "Question: {question}\nAnswer with a short phrase."
CONTEXT = "Context:\n{context}\n\n"


class ServerReader:
    """A model behind a server, which answers from a compressed context, part by part and greedily.

    Parameters
    ----------
    address
        As ``openai:http://127.0.0.1:8080/v1#MODEL``; without ``#MODEL`` the only model of the server.
    api_key
        None: the variable OPENAI_API_KEY, if it is set.
    tokenizer
        What counts its tokens, as for ``token_counter=``, or a name for
        `semtoken_rag.readers.tokenizer.load_tokenizer`; None: the server.
    max_new_tokens
        Most tokens of an answer, at least 1; a model that thinks before it answers needs some for that.
    timeout
        Seconds without a byte after which a request has failed, above 0.

    Raises
    ------
    ValueError
        If an argument is out of range, the address is none, or the server has several models or none of this
        name; the message lists them.
    ServerError
        If the server is asked for its only model and cannot be reached.
    """

    def __init__(
        self,
        address: str | Address,
        *,
        api_key: str | None = None,
        tokenizer: Any = None,
        max_new_tokens: int = 512,
        timeout: float = 120.0,
    ) -> None:
        check_positive("max_new_tokens", max_new_tokens)
        address = Address.parse(address) if isinstance(address, str) else address
        if not address.model:
            connection = Connection(address, api_key=api_key, timeout=timeout)
            address = Address(address.url, _only(_models(connection), address))
        self._connection = Connection(address, api_key=api_key, timeout=timeout)
        self._max_new_tokens = max_new_tokens
        if isinstance(tokenizer, str):
            tokenizer = load_tokenizer(tokenizer)
        elif tokenizer is None:
            tokenizer = ServerTokenizer(address, api_key=api_key, timeout=timeout)
        self._tokenizer = tokenizer
        self._count = TokenCounter.of(tokenizer, len).count

    @property
    def address(self) -> Address:
        """The server, and the model on it."""
        return self._connection.address

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.address.model

    @property
    def tokenizer(self) -> Any:
        """What counts the model's tokens, for ``token_counter=``."""
        return self._tokenizer

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return self._count(text)

    def check(self) -> None:
        """Raise a `ServerError` in one sentence if the server cannot answer, with this key or this model."""
        names = _models(self._connection)
        if not {self.name, f"{self.name}:latest"} & {*names}:  # Ollama's names may end in what is understood
            listed = ", ".join(names)[:SHOWN] or "none"
            raise ServerError(f"{self.address.url} has no model {self.name!r:.80}, it has {listed}")
        self.count("a")

    def stream(self, question: str, context: CompressedContext | None = None) -> Iterator[str]:
        """Answer a question part by part.

        Parameters
        ----------
        question
            The question.
        context
            What to answer from; None, or a context that keeps nothing: the question alone.

        Returns
        -------
        iterator of str
            Parts of the answer; closing it ends the request.

        Raises
        ------
        ValueError
            If the question is blank.
        ServerError
            At the first part: if the server cannot be reached, refuses, or answers something else.
        StreamBroken
            Behind the last part that came: if the stream ends before the answer does.
        """
        if not isinstance(question, str) or not question.strip():
            raise ValueError(f"question must be a str that is not blank, got {question!r:.80}")
        return self.chat(to_message(question, context))

    def chat(self, message: str) -> Iterator[str]:
        """Yield the answer to a user's message part by part; errors as for `stream`."""
        body = {
            "model": self.name,
            "messages": [{"role": "user", "content": encodable(message)}],
            "max_tokens": self._max_new_tokens,
            "temperature": 0,
            "stream": True,
        }
        came, ended = 0, ""
        with self._connection.open("/chat/completions", body) as reply:
            try:
                for data in _events(reply):
                    if data == DONE:
                        ended = ended or "stop"
                        break
                    text, reason = self._read(data)
                    came, ended = came + len(text), reason or ended
                    if text:
                        yield text
            except (OSError, HTTPException) as error:
                if isinstance(error, ServerError) and not came:
                    raise
                raise self._broken(came, str(error)) from error
        if not ended:
            raise self._broken(came, "the connection was closed")
        if ended == "length" and not came:
            raise ServerError(
                f"{self.name!r} spent all {self._max_new_tokens} tokens before its answer began"
            )

    def _broken(self, came: int, reason: str) -> StreamBroken:
        return StreamBroken(f"{self.address.url} broke off after {came} characters of the answer: {reason}")

    def _read(self, data: bytes) -> tuple[str, str]:
        """Return the text of an event, and why the answer ends with it; both may be empty."""
        text: Any = None
        try:
            event = parse(data)
            if event.get("error"):
                raise ServerError(f"{self.address.url} gave up: {words_of(data)}")
            if not event["choices"]:  # the event with the counts
                return "", ""
            choice = event["choices"][0]
            text, reason = choice["delta"].get("content") or "", choice.get("finish_reason") or ""
        except (ValueError, LookupError, AttributeError, TypeError):
            pass
        if not isinstance(text, str):
            raise self._connection.not_the_protocol(data)
        return text, reason


def to_message(question: str, context: CompressedContext | None) -> str:
    """Return the user's message: what is kept, each chunk behind its title, then the question.

    >>> print(to_message("When did it open? ", None))
    Question: When did it open?
    Answer with a short phrase.
    """
    asked = ASKED.replace("{question}", question.strip())
    if context is None or not context.chunks:
        return asked
    kept = "\n".join(f"[{k.chunk.title}] {k.text}" if k.chunk.title else k.text for k in context.chunks)
    return CONTEXT.replace("{context}", kept) + asked


def _events(reply: HTTPResponse) -> Iterator[bytes]:
    """Yield the data of each event of a stream."""
    while line := reply.readline(MAX_LINE):
        if line.startswith(b"data:"):  # not a blank line, nor a comment that keeps the connection alive
            yield line[5:].strip()


def _models(connection: Connection) -> list[str]:
    """Return the names of a server's models."""
    reply = connection.get("/models")
    try:
        return [str(model["id"]) for model in reply["data"]]
    except (LookupError, TypeError):
        raise connection.not_the_protocol(json.dumps(reply).encode()) from None


def _only(names: list[str], address: Address) -> str:
    if len(names) != 1:
        listed = ", ".join(names)[:SHOWN] or "none"
        raise ValueError(f"name one of the server's models as {address}#MODEL, it has {listed}")
    return names[0]
