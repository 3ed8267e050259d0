"""The work behind the page: compress documents, and answer from what is kept."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

from semtoken_rag.budget import Budget
from semtoken_rag.compressor import SemToken
from semtoken_rag.context import CompressedContext
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.readers.address import Address
from semtoken_rag.readers.connection import StreamBroken
from semtoken_rag.readers.server import ServerReader
from semtoken_rag.stages.calibration import find_calibration
from semtoken_rag.store.base import FingerprintStore
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.strategy.base import gives_chances
from semtoken_rag.strategy.registry import PAPER_STRATEGIES, STRATEGIES, resolve_strategy
from semtoken_rag.ui.documents import Document, chunks
from semtoken_rag.ui.events import Event, progress
from semtoken_rag.ui.names import reader_name
from semtoken_rag.ui.payload import as_data, cite_sentences

BATCH = 8  # passages encoded between two progress events
RATIO = 0.2  # without another bound


class Reader(Protocol):
    """Protocol of an LLM that streams its answers, such as `SemTokenLLM` and `ServerReader`."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    def stream(self, question: str, context: CompressedContext) -> Iterable[str]:
        """Yield the answer part by part."""
        ...


class Asked(BaseModel):
    """A request: documents, a question, a budget as in `Budget`, and a strategy.

    The ratio is `RATIO` if there is neither it nor ``max_tokens``.
    """

    documents: list[Document] = Field(min_length=1)
    query: str = ""
    ratio: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    keep: float | None = None
    strategy: str = "semtoken"

    @field_validator("keep")
    @classmethod
    def _chance(cls, value: float | None) -> float | None:
        return Budget(ratio=1, keep=value).keep

    @model_validator(mode="after")
    def _some_bound(self) -> Asked:
        if self.ratio is None and self.max_tokens is None:
            self.ratio = RATIO
        return self

    @field_validator("strategy")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in STRATEGIES and value not in PAPER_STRATEGIES:
            raise ValueError(f"strategy must be one of {sorted(STRATEGIES)}, got {value!r:.80}")
        return value


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, without asking a name server.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("10.0.0.1")
    (True, True, True, False)
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Workbench:
    """Engines that share an encoder and a store, so that nothing is encoded again when the budget changes.

    Parameters
    ----------
    encoder
        As for `SemToken`.
    reader
        Local LLM that answers, None for none.
    token_counter
        As for `SemToken`; the reader's tokenizer.
    store
        Keeps fingerprints; None: in memory.
    """

    def __init__(
        self,
        *,
        encoder: Any = "auto",
        reader: Reader | None = None,
        token_counter: Any = None,
        store: FingerprintStore | None = None,
    ) -> None:
        self.encoder, self.reader, self._counter = resolve_encoder(encoder), reader, token_counter
        self._store, self._engines, self._lock = (
            store or MemoryStore(),
            dict[str, SemToken](),
            threading.Lock(),
        )

    @property
    def promising(self) -> list[str]:
        """Strategies that give chances, for a request with ``keep``; none without a calibration."""
        if find_calibration(None, self.encoder.name) is None:
            return []
        return [name for name in STRATEGIES if gives_chances(resolve_strategy(name, self.encoder)[1])]

    @property
    def reads(self) -> str | None:
        """What people call the reader, None if there is no reader."""
        return None if self.reader is None else reader_name(self.reader.name)

    def connect(self, address: str) -> None:
        """Let a server on this machine answer from now on, and count the tokens.

        Parameters
        ----------
        address
            As ``openai:http://127.0.0.1:11434/v1#MODEL``. It comes from the page, so it must be of this
            machine, and gets no key.

        Raises
        ------
        ValueError
            If it is no such address, or the server has several models and none is named.
        ServerError
            If the server cannot be reached, or has no such model.
        """
        found = Address.parse(address.strip())
        if not is_loopback(urlsplit(found.url).hostname or ""):
            raise ValueError(
                f"the page may name a server on this machine only, such as 127.0.0.1, got {found.url!r:.80}; "
                "name another one with semtoken ui --llm"
            )
        reader = ServerReader(found, api_key="")
        reader.check()
        with self._lock:
            self.reader, self._counter = reader, reader.tokenizer
            self._engines.clear()

    def compress(self, asked: Asked) -> Generator[Event, None, CompressedContext]:
        """Encode new passages batch by batch, then compress; the last event is the result."""
        engine, passages = self._engine(asked.strategy), chunks(asked.documents)
        for start in range(0, len(passages), BATCH):
            if engine.annotate(passages[start : start + BATCH]):
                yield progress("Encoding passages", min(start + BATCH, len(passages)), len(passages))
        context = engine.compress(
            passages, asked.query, max_tokens=asked.max_tokens, ratio=asked.ratio, keep=asked.keep
        )
        yield Event("result", as_data(context))
        return context

    def answer(self, asked: Asked) -> Generator[Event, None, None]:
        """Compress, then stream the answer.

        Parameters
        ----------
        asked
            The request.

        Yields
        ------
        Event
            Progress, the result, and parts of the answer; at last its sentences with their sources.

        Raises
        ------
        ValueError
            If there is no reader, no question, or the context is longer than the reader's window.
        ServerError
            If the server of the reader fails; behind the answer, as far as it came, if the stream breaks off.
        """
        if self.reader is None:
            raise ValueError("There is no local LLM: start with --llm NAME.")
        if not asked.query.strip():
            raise ValueError("Ask a question first.")
        context = yield from self.compress(asked)
        yield progress(f"{self.reads} reads {context.stats.tokens_after} tokens")
        parts, broken = [], None
        try:
            for part in self.reader.stream(asked.query, context):
                parts.append(part)
                yield Event("part", {"text": part})
        except StreamBroken as error:
            broken = error
        yield Event("answer", {"sentences": cite_sentences("".join(parts).strip(), context)})
        if broken is not None:
            raise broken

    def _engine(self, strategy: str) -> SemToken:
        with self._lock:
            if strategy not in self._engines:
                self._engines[strategy] = SemToken(
                    encoder=self.encoder,
                    strategy=strategy,
                    token_counter=self._counter,
                    store=self._store,
                    on_error="raise",
                )
            return self._engines[strategy]
