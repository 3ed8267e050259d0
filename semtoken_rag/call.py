"""One call of the engine: its input, its clock, and its way through the stages."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from semtoken_rag.budget import Budget, Counter
from semtoken_rag.config import Config
from semtoken_rag.deadline import check
from semtoken_rag.fingerprints import Fingerprinter
from semtoken_rag.markers import found, neutralise
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

if TYPE_CHECKING:
    from semtoken_rag.stored import StoredFingerprinter


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
        self.store_failure: str | None = None
        self._bound = budget
        self.before: Sequence[int] = ()
        self.total = self.budget = self.stored = 0
        self.cost = np.zeros(0, np.int64)  # tokens of each unit

    def run(self) -> CompressedContext:
        """Encode, segment, decide and render; or pass everything on where it fits."""
        counted = self._counts_first()
        if counted:
            self._count_input()
            if self.total <= self.budget and (whole := self._unchanged()) is not None:
                return whole
        with self._stage("encode"):
            read, query, self.stored, self.store_failure = self.setup.fingerprinter.read(
                self.chunks, self.query
            )
            tokens = Tokens.concatenate([r.encoding for r in read])
        if not counted:
            self._settle([len(r.encoding.ids) for r in read])
        with self._stage("segment"):
            units = build_units(self.chunks, tokens, [r.segments for r in read])
        return self._decide(self.setup.strategy, tokens, units, query)

    def _counts_first(self) -> bool:
        """Tell whether to count the input before encoding it, whose tokens may be the count anyway."""
        always_cut = self._bound.ratio is not None and self._bound.ratio < 1 and not self.config.min_tokens
        return not (self._counts_alike() and always_cut and self.chunks)

    def _counts_alike(self) -> bool:
        """Tell whether the tokens that the encoder of this call returns are the reader's."""
        return self.setup.counter.name == "estimate" and self.fallback is None

    def _count_input(self) -> None:
        with self._stage("count"):
            self._settle([self.count(chunk.text) for chunk in self.chunks])

    def _settle(self, before: Sequence[int]) -> None:
        """Fix the budget in tokens, now that the input's are known."""
        total, bound = sum(before), self._bound
        if bound.ratio is not None and (bound.ratio == 1 or total < self.config.min_tokens):
            total = max(
                total, self.count(self.config.separator.join(self._shown(c.text) for c in self.chunks))
            )
            bound = Budget(bound.max_tokens or max(total, 1), 1.0)
        self.before, self.total, self.budget = before, total, bound.tokens(total)

    def again(self, setup: Setup, reason: str) -> Call:
        """Return the same call of another setup, which is flagged as a fallback."""
        call = Call(setup, self.chunks, self.query, self._bound)
        call.fallback = reason
        return call

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
        check()
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
                ceiling=self._ceiling(),
                protect=self.config.protect,
            )
            selected = strategy(problem)
        own = selected.units
        self.cost = problem.cost if own is None else self._cost(own)
        return self._fit(units if own is None else own, selected)

    def _ceiling(self) -> int | None:
        """Tokens that one chunk may take: the smaller of the two bounds."""
        ceiling, share = self.config.ceiling, self.config.share
        if share is None:
            return ceiling
        bound = int(share * self.budget)
        return bound if ceiling is None else min(bound, ceiling)

    def _shown(self, text: str) -> str:
        return neutralise(text) if self.config.neutralise else text

    def _cost(self, units: Units) -> IntArray:
        """Tokens of each unit, in the reader's tokenizer: (m,)."""
        if self._counts_alike():
            return units.tokens[:, 1] - units.tokens[:, 0]  # what the encoder counts, it has counted already
        places = zip(units.chunk.tolist(), units.chars.tolist(), strict=True)
        return np.array([self.count(self.chunks[c].text[a:b]) for c, (a, b) in places], np.int64)

    def _fit(self, units: Units, selected: Selection) -> CompressedContext:
        """Render and recount; where the joined text is over the budget, drop the units chosen last."""
        with self._stage("render"):
            kept = over = len(selected.order)
            made, step = self._first(kept, units, selected), 1
            while made[-1] > self.budget and kept:  # ever more at once
                over, kept, step = kept, max(0, kept - step), 2 * step
                made = self._first(kept, units, selected)
            while over - kept > 1:  # as few as will do
                middle = (kept + over) // 2
                tried = self._first(middle, units, selected)
                if tried[-1] > self.budget:
                    over = middle
                else:
                    kept, made = middle, tried
        chunks, text, left, after = made
        return self._context(text, chunks, self._report(units, left), after)

    def _first(
        self, kept: int, units: Units, selected: Selection
    ) -> tuple[tuple[CompressedChunk, ...], str, Selection, int]:
        """Render the units chosen first: chunks, joined text, what is left of the selection, its tokens."""
        granularity = selected.granularity.copy()
        granularity[selected.order[kept:]] = Granularity.DROPPED
        left = replace(selected, granularity=granularity)
        chunks = self._render(units, left)
        text = self.config.separator.join(chunk.text for chunk in chunks)
        after = max(self.count(text), sum(chunk.tokens_after for chunk in chunks)) if chunks else 0
        return chunks, text, left, after

    def _render(self, units: Units, selected: Selection) -> tuple[CompressedChunk, ...]:
        chunks = []
        for index in np.unique(units.chunk[selected.granularity > Granularity.DROPPED]).tolist():
            chunk, pieces = self.chunks[index], pieces_of(index, units, selected)
            text = self._shown(join(chunk.text, pieces, self.config.gap))
            chunks.append(CompressedChunk(index, chunk, pieces, text, self.before[index], self.count(text)))
        return arrange(chunks, self.config.order_for(self.query))

    def _report(self, units: Units, selected: Selection) -> tuple[UnitReport, ...]:
        columns = {name: values.tolist() for name, values in selected.scores.items()}
        discount = (selected.cost_exponent * np.log(np.maximum(self.cost, 1))).astype(np.float32)
        rows = zip(
            units.chunk.tolist(),
            units.chars.tolist(),
            units.kinds,
            selected.granularity.tolist(),
            self.cost.tolist(),
            (selected.scores["score"] - discount).tolist(),
            units.parent.tolist(),
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
                price,
                value,
                parent,
                selected.lender.get(i, -1),
            )
            for i, (chunk, (start, end), kind, grain, price, value, parent) in enumerate(rows)
        )

    def _unchanged(self) -> CompressedContext | None:
        """All chunks as they are, where also their joined text fits."""
        shown = [self._shown(c.text) for c in self.chunks]
        counts = [self.count(text) for text in shown] if self.config.neutralise else self.before
        chunks = tuple(
            CompressedChunk(i, c, (Piece(0, len(c.text), Granularity.FINE, 0.0),), text, n, left)
            for i, (c, text, n, left) in enumerate(zip(self.chunks, shown, self.before, counts, strict=True))
        )
        text = self.config.separator.join(shown)
        after = max(self.count(text), sum(counts)) if shown else 0  # some counters find a token in nothing
        if after > self.budget:
            return None
        return self._context(text, chunks, (), after)

    def _context(
        self, text: str, chunks: tuple[CompressedChunk, ...], units: tuple[UnitReport, ...], after: int
    ) -> CompressedContext:
        names = self.setup.fingerprinter.encoder.name, self.setup.counter.name
        markers = found(join(c.chunk.text, c.pieces, self.config.gap) for c in chunks)
        stats = Stats(
            self.total,
            after,
            self.budget,
            *names,
            self.seconds,
            self.fallback,
            self.stored,
            markers,
            self.store_failure,
        )
        return CompressedContext(text, chunks, units, stats, tuple(self.chunks), self.query)
