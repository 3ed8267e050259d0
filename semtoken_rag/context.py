"""`CompressedContext`, the result of a call: the text for the reader, its citations and its views."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semtoken_rag.result import CompressedChunk, Stats, UnitReport
from semtoken_rag.support import Passage, SupportedSentence, support
from semtoken_rag.text.files import write_whole
from semtoken_rag.text.quote import LEAST, longest_run, occurrences, words
from semtoken_rag.types import Chunk


@dataclass(frozen=True, slots=True)
class CompressedContext:
    """The result of a call: text for the reader, and the source of each part of it.

    Attributes
    ----------
    text
        The kept chunks' texts, joined.
    chunks
        The chunks of which something is kept, in output order.
    units
        Every unit of the input with its scores and the decision; empty if the input passed unchanged.
    stats
        Tokens, seconds and failures of the call.
    source
        All chunks of the call in the order given, including those of which nothing is kept.
    query
        The question; empty if there was none.
    curve
        Tokens and the chance that nothing wanted is lost if the best units of so many are kept, rising; empty
        where there is no `Stats.confidence`.
    """

    text: str
    chunks: tuple[CompressedChunk, ...]
    units: tuple[UnitReport, ...]
    stats: Stats
    source: tuple[Chunk, ...] = field(default=(), repr=False)
    query: str = ""
    curve: tuple[tuple[int, float], ...] = field(default=(), repr=False)

    @property
    def answerable(self) -> float | None:
        """Chance that the chunks answer the question at all, see `Stats.answerable`."""
        return self.stats.answerable

    def cite(self, quote: str) -> list[tuple[str, int, int]]:
        """Find a quote in the kept pieces.

        Case, blanks, punctuation between words and line ends inside them do not matter. If no piece has the
        whole quote, the longest run of at least three of its words that a piece has is found in its place.

        Parameters
        ----------
        quote
            Words of the text, such as a quote in an answer.

        Returns
        -------
        list of (chunk id, start, end)
            Character ranges in the chunks' own texts; empty if nothing matches.
        """
        wanted = words(quote, 0, len(quote))
        if not wanted:
            return []
        for unbroken in (False, True):
            kept = [
                (c.id, words(c.chunk.text, p.start, p.end, unbroken)) for c in self.chunks for p in c.pieces
            ]
            found = [(id_, *span) for id_, text in kept for span in occurrences(wanted, text)]
            if found:
                return found
        part = max((longest_run(wanted, text) for _, text in kept), key=len, default=())
        if len(part) < LEAST:
            return []
        return [(id_, *span) for id_, text in kept for span in occurrences(part, text)]

    def support(self, answer: str) -> list[SupportedSentence]:
        """Find what each sentence of an answer rests on, by its names and numbers.

        Parameters
        ----------
        answer
            An LLM's answer from this context.

        Returns
        -------
        list of SupportedSentence
            In order, with character ranges in the chunks' own texts; see `semtoken_rag.support.support`.
        """
        kept = (
            Passage(c.id, c.chunk.text, p.start, p.end, c.chunk.title) for c in self.chunks for p in c.pieces
        )
        return support(answer, kept, self.query)

    def to_html(self, path: str | Path) -> None:
        """Write an HTML page that shows what was kept, what was dropped and why: one file, no network."""
        from semtoken_rag.explain import explain, page

        write_whole(path, page(explain(self)).encode())

    def _repr_html_(self) -> str:
        """Return the page of `to_html` in a frame, for a notebook."""
        from semtoken_rag.explain import explain, frame

        return frame(explain(self))

    def __rich__(self) -> Any:
        """Return the same for a terminal: ``rich.print(context)``."""
        from semtoken_rag.explain import explain
        from semtoken_rag.explain.terminal import Report

        return Report(explain(self))
