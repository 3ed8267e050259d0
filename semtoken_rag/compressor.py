"""`SemToken`, the only orchestrator: chunks and a question in, the same facts in fewer tokens out."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from semtoken_rag.budget import Budget, Counter
from semtoken_rag.encoders.auto import resolve
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.render import (
    ORDERS,
    CompressedChunk,
    CompressedContext,
    Piece,
    Stats,
    UnitReport,
    arrange,
    join,
    pieces_of,
)
from semtoken_rag.segment import Segmenter, build_units, segment
from semtoken_rag.spans import SpanRule
from semtoken_rag.strategy import LeadStrategy, Problem, SemTokenStrategy, Strategy, resolve_strategy
from semtoken_rag.types import Chunk, Encoding, Granularity, Query, Selection, Tokens, Units

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Config:
    """Settings that few callers need.

    Parameters
    ----------
    min_tokens
        An input of fewer tokens passes unchanged under a ratio; ``max_tokens`` still holds.
    floor, ceiling
        Tokens that every chunk gets before the rest is shared out, and that one chunk may take at most.
    protect
        Regular expressions whose matches are never cut.
    order
        Of the chunks: ``source``, ``relevance`` (best first) or ``edges`` (best first and last).
    gap
        Stands where something of a chunk was left out.
    separator
        Stands between chunks in `CompressedContext.text`.
    segmenter
        Cuts a text into units.
    """

    min_tokens: int = 0
    floor: int = 0
    ceiling: int | None = None
    protect: tuple[str, ...] = ()
    order: str = "source"
    gap: str = " "
    separator: str = "\n"
    segmenter: Segmenter = segment

    def __post_init__(self) -> None:
        for name in ("min_tokens", "floor"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)!r}")
        if self.ceiling is not None and self.ceiling < max(1, self.floor):
            raise ValueError(f"ceiling must be at least 1 and the floor, got {self.ceiling!r}")
        if self.order not in ORDERS:
            raise ValueError(f"order must be one of {ORDERS}, got {self.order!r}")
        for pattern in self.protect:
            try:
                re.compile(pattern)
            except (re.error, TypeError) as error:
                raise ValueError(f"protect must hold regular expressions, got {pattern!r}: {error}") from None


class SemToken:
    """Compress retrieved chunks for a question under a token budget.

    Parameters
    ----------
    encoder
        ``"auto"``, ``"static"``, ``"minilm"``, a Hugging Face model, a ``SentenceTransformer`` or an
        `Encoder`.
    strategy
        ``"semtoken"``, ``"lead"`` or any `Strategy`.
    token_counter
        The reader's tokenizer: a callable, a Hugging Face tokenizer or a tiktoken encoding; None estimates
        with the encoder's own.
    on_error
        ``"fallback"``: a failure inside returns the originals cut to the budget, flagged in the stats and
        logged; ``"raise"``: it is raised.
    config
        See `Config`.

    Examples
    --------
    >>> chunks = ["The tower opened in 1889. It rained that day.", "Paris is the capital of France."]
    >>> SemToken(encoder="static").compress(chunks, "When did the tower open?", max_tokens=8).text
    'The tower opened in 1889.'
    """

    def __init__(
        self,
        *,
        encoder: Any = "auto",
        strategy: Any = "semtoken",
        token_counter: Any = None,
        on_error: str = "fallback",
        config: Config | None = None,
    ) -> None:
        if on_error not in ("fallback", "raise"):
            raise ValueError(f"on_error must be 'fallback' or 'raise', got {on_error!r}")
        self.encoder: Encoder = resolve(encoder)
        self.strategy: Strategy = resolve_strategy(strategy)
        self.counter = Counter.of(token_counter, self.encoder)
        self.config = config or Config()
        self.on_error = on_error
        if self.config.protect and isinstance(self.strategy, SemTokenStrategy):
            self.strategy = replace(self.strategy, spans=SpanRule(protect=self.config.protect))

    def compress(
        self,
        chunks: Sequence[str | Chunk],
        query: str | None = None,
        *,
        max_tokens: int | None = None,
        ratio: float | None = None,
    ) -> CompressedContext:
        """Keep what matters for ``query`` of ``chunks``.

        Parameters
        ----------
        chunks
            Retrieved passages, in the retriever's order.
        query
            The question; None or blank compresses by density and redundancy alone.
        max_tokens, ratio
            The budget, see `Budget`; at least one.

        Returns
        -------
        CompressedContext
            Never more tokens than the budget, counted on the joined text and on the chunks one by one.

        Raises
        ------
        ValueError
            For bad arguments, with the value received.
        """
        budget = Budget(max_tokens, ratio)
        if isinstance(chunks, str | Chunk):
            raise ValueError(
                f"chunks must be a sequence of str or Chunk, got a single {type(chunks).__name__}"
            )
        if query is not None and not isinstance(query, str):
            raise ValueError(f"query must be a str or None, got {query!r:.80}")
        made = [c if isinstance(c, Chunk) else Chunk(c) for c in chunks]
        call = _Call(self, made, query.strip() if query else "", budget)
        try:
            return call.run(self.strategy)
        except Exception as error:
            if self.on_error == "raise":
                raise
            log.warning("compression failed, the originals are cut to the budget: %s", type(error).__name__)
            return call.cut_originals(f"{type(error).__name__}: {error!s:.200}")


class _Call:
    """One call of `SemToken.compress`: its input, its clock and its way through the stages."""

    def __init__(self, engine: SemToken, chunks: Sequence[Chunk], query: str, budget: Budget) -> None:
        self.engine, self.config, self.count = engine, engine.config, engine.counter.count
        self.chunks, self.query = chunks, query
        self.seconds: dict[str, float] = {}
        self.fallback: str | None = None
        with self._stage("count"):
            self.before = [self.count(chunk.text) for chunk in chunks]
            total = sum(self.before)
            if budget.ratio is not None and (budget.ratio == 1 or total < self.config.min_tokens):
                total = max(total, self.count(self.config.separator.join(c.text for c in chunks)))
                budget = Budget(budget.max_tokens or max(total, 1), 1.0)
        self.total, self.budget = total, budget.tokens(total)

    def run(self, strategy: Strategy) -> CompressedContext:
        if self.total <= self.budget and (whole := self._unchanged()) is not None:
            return whole
        tokens, query = self._encode()
        with self._stage("segment"):
            units = build_units(self.chunks, tokens, self.config.segmenter)
        return self._decide(strategy, tokens, units, query)

    def cut_originals(self, error: str) -> CompressedContext:
        """Without encoder and strategy: the chunks in their order, cut to the budget."""
        self.fallback = error
        nothing = np.zeros((0, 1), np.float32)
        none = np.zeros(0, np.int64)
        tokens = Tokens.concatenate(
            [Encoding(none, none.reshape(0, 2), nothing, none, nothing) for _ in self.chunks]
        )
        return self._decide(LeadStrategy(), tokens, build_units(self.chunks, tokens), None)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def _encode(self) -> tuple[Tokens, Query | None]:
        with self._stage("encode"):
            texts, titles = [c.text for c in self.chunks], [c.title for c in self.chunks]
            asked = [self.query] if self.query else []
            encodings = self.engine.encoder.encode([*texts, *asked], [*titles, *("" for _ in asked)])
            tokens = Tokens.concatenate(encodings[: len(texts)])
            if not np.isfinite(tokens.vectors).all():
                raise FloatingPointError(
                    f"the encoder {self.engine.encoder.name} returned vectors that are not finite"
                )
            query = Query(self.query, encodings[-1]) if asked and len(encodings[-1].ids) else None
        return tokens, query

    def _decide(
        self, strategy: Strategy, tokens: Tokens, units: Units, query: Query | None
    ) -> CompressedContext:
        with self._stage("select"):
            texts = [
                self.chunks[c].text[a:b]
                for c, (a, b) in zip(units.chunk.tolist(), units.chars.tolist(), strict=True)
            ]
            problem = Problem(
                chunks=self.chunks,
                tokens=tokens,
                units=units,
                query=query,
                cost=np.array([self.count(text) for text in texts], np.int64),
                budget=self.budget,
                counter=self.engine.counter,
                encoder=self.engine.encoder.name,
                floor=self.config.floor,
                ceiling=self.config.ceiling,
            )
            selected = strategy(problem)
        return self._fit(units, selected)

    def _fit(self, units: Units, selected: Selection) -> CompressedContext:
        """Render, recount, and drop the unit chosen last until the joined text fits."""
        with self._stage("render"):
            order = selected.order.tolist()
            while True:
                chunks = self._render(units, selected)
                text = self.config.separator.join(chunk.text for chunk in chunks)
                after = max(self.count(text), sum(chunk.tokens_after for chunk in chunks)) if chunks else 0
                if after <= self.budget or not order:
                    break
                granularity = selected.granularity.copy()
                granularity[order.pop()] = Granularity.DROPPED
                selected = replace(selected, granularity=granularity)
        reports = self._report(units, selected)
        return CompressedContext(text, chunks, reports, self._stats(self.total, after))

    def _render(self, units: Units, selected: Selection) -> tuple[CompressedChunk, ...]:
        chunks = []
        for index in np.unique(units.chunk[selected.granularity > Granularity.DROPPED]).tolist():
            chunk, pieces = self.chunks[index], pieces_of(index, units, selected)
            text = join(chunk.text, pieces, self.config.gap)
            chunks.append(CompressedChunk(index, chunk, pieces, text, self.before[index], self.count(text)))
        return arrange(chunks, self.config.order)

    def _report(self, units: Units, selected: Selection) -> tuple[UnitReport, ...]:
        columns = {name: values.tolist() for name, values in selected.scores.items()}
        rows = zip(
            units.chunk.tolist(),
            units.chars.tolist(),
            units.kinds,
            selected.granularity.tolist(),
            strict=True,
        )
        return tuple(
            UnitReport(
                chunk,
                start,
                end,
                kind,
                Granularity(grain),
                {n: v[i] for n, v in columns.items()},
                selected.reasons.get(i, ""),
            )
            for i, (chunk, (start, end), kind, grain) in enumerate(rows)
        )

    def _unchanged(self) -> CompressedContext | None:
        """All chunks as they are, where also their joined text fits."""
        chunks = tuple(
            CompressedChunk(i, c, (Piece(0, len(c.text), Granularity.FINE, 0.0),), c.text, n, n)
            for i, (c, n) in enumerate(zip(self.chunks, self.before, strict=True))
        )
        text = self.config.separator.join(c.text for c in self.chunks)
        after = max(self.count(text), self.total)
        if after > self.budget:
            return None
        return CompressedContext(text, chunks, (), self._stats(self.total, after))

    def _stats(self, before: int, after: int) -> Stats:
        names = self.engine.encoder.name, self.engine.counter.name
        return Stats(before, after, self.budget, *names, self.seconds, self.fallback)
