"""From a selection to text: verbatim slices of the chunks, the only place that joins strings (paper: 3.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from semtoken_rag.quote import LEAST, longest_run, occurrences, words
from semtoken_rag.types import Chunk, Granularity, Selection, Units

ORDERS = ("source", "relevance", "best-last", "edges")


@dataclass(frozen=True, slots=True)
class Piece:
    """A kept slice: ``chunk.text[start:end]``, how it was kept, and the best score in it (higher = keep)."""

    start: int
    end: int
    granularity: Granularity
    score: float


@dataclass(frozen=True, slots=True)
class CompressedChunk:
    """What is left of one chunk.

    Attributes
    ----------
    index
        Position of the chunk in the call.
    chunk
        The caller's chunk, unchanged.
    pieces
        Sorted, disjoint slices of its text.
    text
        The pieces joined; the chunk's own text where all of it is kept. See `Config.neutralise` for breaks.
    tokens_before, tokens_after
        Tokens of the reader.
    """

    index: int
    chunk: Chunk
    pieces: tuple[Piece, ...]
    text: str
    tokens_before: int
    tokens_after: int

    @property
    def id(self) -> str:
        """Name of the chunk in citations: its own id, or its position in the call."""
        return self.chunk.id if self.chunk.id is not None else str(self.index)


@dataclass(frozen=True, slots=True)
class UnitReport:
    """One unit of the input: where it is, its scores, what was decided, and why if there is more to say.

    ``cost`` is its tokens of the reader; ``value`` its score less what its length counts against it, by which
    units come; ``parent`` the number of the unit that travels with it, ``lender`` that of the kept unit to
    which it owes its bridge, -1 for none.
    """

    chunk: int
    start: int
    end: int
    kind: str
    granularity: Granularity
    scores: Mapping[str, float]
    reason: str = ""
    cost: int = 0
    value: float = 0.0
    parent: int = -1
    lender: int = -1


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a call: tokens of the reader, the budget, who encoded and counted, seconds by stage.

    ``fallback`` names the failure after which the originals were cut to the budget, or the want of time or of
    a place for which the result is a spare one; None where all went well. ``stored`` is the number of chunks
    whose fingerprints came from the store; ``store_failure`` tells what went wrong with it, which costs time
    but changes nothing else; ``markers`` counts the role markers and control characters in what is passed on,
    see `semtoken_rag.markers.found`.
    """

    tokens_before: int
    tokens_after: int
    budget: int
    encoder: str
    counter: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    fallback: str | None = None
    stored: int = 0
    markers: Mapping[str, int] = field(default_factory=dict)
    store_failure: str | None = None

    @property
    def ratio(self) -> float:
        """Share of the tokens that is left."""
        return self.tokens_after / self.tokens_before if self.tokens_before else 1.0


@dataclass(frozen=True, slots=True)
class CompressedContext:
    """The compressed context: text for the reader, and where each part of it comes from.

    Attributes
    ----------
    text
        The kept chunks' texts, joined.
    chunks
        The chunks of which something is kept, in output order.
    units
        Every unit of the input with its scores and what was decided; empty where the input passed unchanged.
    stats
        See `Stats`.
    source
        All chunks of the call in its order, also those of which nothing is kept.
    query
        The question; empty where there was none.
    """

    text: str
    chunks: tuple[CompressedChunk, ...]
    units: tuple[UnitReport, ...]
    stats: Stats
    source: tuple[Chunk, ...] = field(default=(), repr=False)
    query: str = ""

    def cite(self, quote: str) -> list[tuple[str, int, int]]:
        """Find a quote in the kept pieces.

        Case, blanks and punctuation between words do not matter. Where the whole quote is nowhere, its
        longest run of at least three words that is.

        Returns
        -------
        list of (chunk id, start, end)
            Character ranges in the chunks' own texts; empty where nothing matches.
        """
        wanted = words(quote, 0, len(quote))
        kept = [(c.id, words(c.chunk.text, p.start, p.end)) for c in self.chunks for p in c.pieces]
        if not wanted:
            return []
        found = [(id_, *span) for id_, text in kept for span in occurrences(wanted, text)]
        if found:
            return found
        part = max((longest_run(wanted, text) for _, text in kept), key=len, default=())
        if len(part) < LEAST:
            return []
        return [(id_, *span) for id_, text in kept for span in occurrences(part, text)]

    def to_html(self, path: str | Path) -> None:
        """Write a page that shows what was kept, what was dropped and why: one file, without a network."""
        from semtoken_rag.explain import explain, page

        Path(path).write_text(page(explain(self)), encoding="utf-8")

    def _repr_html_(self) -> str:
        """Show the same page in a notebook."""
        from semtoken_rag.explain import explain, frame

        return frame(explain(self))

    def __rich__(self) -> Any:
        """Show the same in a terminal: ``rich.print(context)``."""
        from semtoken_rag.explain import explain
        from semtoken_rag.explain.terminal import Report

        return Report(explain(self))


def pieces_of(chunk: int, units: Units, selected: Selection) -> tuple[Piece, ...]:
    """Pieces of one chunk: neighbours that are kept whole join, with the blanks between them."""
    first, last = np.searchsorted(units.chunk, [chunk, chunk + 1])
    members = first + np.flatnonzero(selected.granularity[first:last] > Granularity.DROPPED)
    score = selected.scores["score"]
    pieces: list[Piece] = []
    previous = -2
    for unit in members.tolist():
        start, end = map(int, selected.chars[unit])
        grain = Granularity(int(selected.granularity[unit]))
        value = float(score[unit])
        if unit == previous + 1 and pieces and pieces[-1].granularity == grain == Granularity.FINE:
            start, value = pieces[-1].start, max(value, pieces[-1].score)
            pieces.pop()
        pieces.append(Piece(start, end, grain, value))
        previous = unit
    return tuple(pieces)


def join(text: str, pieces: Sequence[Piece], gap: str) -> str:
    """Join the pieces of a chunk; where the source breaks the line between two, so does the result."""
    out: list[str] = []
    for previous, piece in zip([None, *pieces], pieces, strict=False):
        if previous is not None:
            out.append("\n" if gap == " " and "\n" in text[previous.end : piece.start] else gap)
        out.append(text[piece.start : piece.end])
    return "".join(out)


def arrange(chunks: Sequence[CompressedChunk], order: str) -> tuple[CompressedChunk, ...]:
    """Put chunks in ``source`` order, by ``relevance`` (best first), ``best-last``, or best at the ``edges``.

    >>> arrange([], "edges")
    ()
    """
    if order == "source":
        return tuple(sorted(chunks, key=lambda c: c.index))
    ranked = sorted(chunks, key=lambda c: -max(p.score for p in c.pieces))
    if order == "relevance":
        return tuple(ranked)
    return tuple(ranked[::-1]) if order == "best-last" else (*ranked[::2], *ranked[1::2][::-1])
