"""One call of the engine: its input, its clock, and its way through the stages."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from semtoken_rag.budget import Budget, Counter
from semtoken_rag.config import Config
from semtoken_rag.fingerprints import Fingerprinter, StoredFingerprinter
from semtoken_rag.render import (
    CompressedChunk,
    CompressedContext,
    Piece,
    Stats,
    UnitReport,
    arrange,
    join,
    pieces_of,
)
from semtoken_rag.segment import build_units
from semtoken_rag.strategy import LeadStrategy, Problem, Strategy
from semtoken_rag.types import Chunk, Encoding, Granularity, IntArray, Query, Selection, Tokens, Units


@dataclass(frozen=True, slots=True)
class Setup:
    """What stays the same from call to call: who encodes, who decides, who counts, and the settings."""

    fingerprinter: Fingerprinter | StoredFingerprinter
    strategy: Strategy
    counter: Counter
    config: Config


class Call:
    """One call of `SemToken.compress`: its input, its clock and its way through the stages."""

    def __init__(self, setup: Setup, chunks: Sequence[Chunk], query: str, budget: Budget) -> None:
        self.setup, self.config, self.count = setup, setup.config, setup.counter.count
        self.chunks, self.query = chunks, query
        self.seconds: dict[str, float] = {}
        self.fallback: str | None = None
        self._bound = budget
        self.before: Sequence[int] = ()
        self.total = self.budget = self.stored = 0

    def run(self) -> CompressedContext:
        """Encode, segment, decide and render; or pass everything on where it fits."""
        counted = self._counts_first()
        if counted:
            self._count_input()
            if self.total <= self.budget and (whole := self._unchanged()) is not None:
                return whole
        with self._stage("encode"):
            read, query, self.stored = self.setup.fingerprinter.read(self.chunks, self.query)
            tokens = Tokens.concatenate([r.encoding for r in read])
        if not counted:
            self._settle([len(r.encoding.ids) for r in read])
        with self._stage("segment"):
            units = build_units(self.chunks, tokens, [r.segments for r in read])
        return self._decide(self.setup.strategy, tokens, units, query)

    def _counts_first(self) -> bool:
        """Tell whether to count the input before encoding it, whose tokens may be the count anyway."""
        estimated = self.setup.counter.name == "estimate"
        always_cut = self._bound.ratio is not None and self._bound.ratio < 1 and not self.config.min_tokens
        return not (estimated and always_cut and self.chunks)

    def _count_input(self) -> None:
        with self._stage("count"):
            self._settle([self.count(chunk.text) for chunk in self.chunks])

    def _settle(self, before: Sequence[int]) -> None:
        """Fix the budget in tokens, now that the input's are known."""
        total, bound = sum(before), self._bound
        if bound.ratio is not None and (bound.ratio == 1 or total < self.config.min_tokens):
            total = max(total, self.count(self.config.separator.join(c.text for c in self.chunks)))
            bound = Budget(bound.max_tokens or max(total, 1), 1.0)
        self.before, self.total, self.budget = before, total, bound.tokens(total)

    def cut_originals(self, error: str) -> CompressedContext:
        """Without encoder and strategy: the chunks in their order, cut to the budget."""
        self.fallback = error
        self._count_input()
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

    def _decide(
        self, strategy: Strategy, tokens: Tokens, units: Units, query: Query | None
    ) -> CompressedContext:
        with self._stage("select"):
            problem = Problem(
                chunks=self.chunks,
                tokens=tokens,
                units=units,
                query=query,
                cost=self._cost(units),
                budget=self.budget,
                counter=self.setup.counter,
                encoder=self.setup.fingerprinter.encoder.name,
                floor=self.config.floor,
                ceiling=self.config.ceiling,
                protect=self.config.protect,
            )
            selected = strategy(problem)
        return self._fit(units if selected.units is None else selected.units, selected)

    def _cost(self, units: Units) -> IntArray:
        """Tokens of each unit, in the reader's tokenizer: (m,)."""
        if self.setup.counter.name == "estimate" and self.fallback is None:
            return units.tokens[:, 1] - units.tokens[:, 0]  # what the encoder counts, it has counted already
        places = zip(units.chunk.tolist(), units.chars.tolist(), strict=True)
        return np.array([self.count(self.chunks[c].text[a:b]) for c, (a, b) in places], np.int64)

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
        names = self.setup.fingerprinter.encoder.name, self.setup.counter.name
        return Stats(before, after, self.budget, *names, self.seconds, self.fallback, self.stored)
