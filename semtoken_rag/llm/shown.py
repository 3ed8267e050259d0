"""What of a compressed context is shown to the reader, and what was left out where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from semtoken_rag.context import CompressedContext
from semtoken_rag.result import CompressedChunk
from semtoken_rag.stages.segment import segment
from semtoken_rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Shown:
    """A chunk as the reader gets it.

    Attributes
    ----------
    title
        Stands in front of the text; may be empty.
    text
        What is kept of the chunk, or all of it where the KV cache is to be cut.
    kept
        Whether anything of the chunk is kept besides its title.
    gaps
        What was left out: place in ``text``, and the words.
    pieces, units : (start, end) each
        In a chunk that is shown whole: what is kept of it, and its sentences, rows and so on.
    """

    title: str
    text: str
    kept: bool = True
    gaps: tuple[tuple[int, str], ...] = ()
    pieces: tuple[tuple[int, int], ...] = ()
    units: tuple[tuple[int, int], ...] = ()


def abridged(context: CompressedContext, chunks: Sequence[Chunk] | None, titles: bool) -> list[Shown]:
    """Show what is kept: pieces joined as in the context's text; nothing where nothing is kept.

    Parameters
    ----------
    context
        Of which the kept chunks are shown.
    chunks
        All chunks of the call, which makes those known of which nothing is kept.
    titles
        Whether these leave their titles.
    """
    shown: list[Shown] = []
    for _, chunk, kept in _walk(context, chunks):
        if kept is not None:
            shown.append(Shown(chunk.title, kept.text, gaps=tuple(_gaps(kept))))
        elif titles and chunk.title:
            shown.append(Shown(chunk.title, "", kept=False, gaps=((0, chunk.text),)))
        elif shown:  # the words that a merged token may stand for go to the end of the chunk before
            last = shown[-1]
            shown[-1] = replace(last, gaps=(*last.gaps, (len(last.text), chunk.text)))
    return shown


def whole(context: CompressedContext, chunks: Sequence[Chunk] | None) -> list[Shown]:
    """Show the chunks whole, with what is kept of them; none where nothing is kept.

    Without ``chunks``, those of which nothing is kept are not known.
    """
    units: dict[int, list[tuple[int, int]]] = {}
    for unit in context.units:
        units.setdefault(unit.chunk, []).append((unit.start, unit.end))
    shown = []
    for number, chunk, kept in _walk(context, chunks):
        own = units.get(number) or [(s.start, s.end) for s in segment(chunk.text)]
        pieces = tuple((p.start, p.end) for p in kept.pieces) if kept else ()
        shown.append(Shown(chunk.title, chunk.text, kept is not None, (), pieces, tuple(sorted(own))))
    return shown


def _walk(
    context: CompressedContext, chunks: Sequence[Chunk] | None
) -> Iterator[tuple[int, Chunk, CompressedChunk | None]]:
    """Yield number, chunk and what is kept; dropped chunks at their places, or last where the order differs.

    Raises
    ------
    ValueError
        Where the chunks are not those that the context was made of.
    """
    kept = {c.index: c for c in context.chunks}
    if chunks is None or not kept:
        yield from ((number, c.chunk, c) for number, c in kept.items())
        return
    for number, c in kept.items():
        if number >= len(chunks) or chunks[number].text != c.chunk.text:
            raise ValueError(f"chunk {number} is not the one that the context was made of")
    order = list(kept)
    rest = [n for n in range(len(chunks)) if n not in kept]
    order = sorted(order + rest) if order == sorted(order) else order + rest
    yield from ((number, chunks[number], kept.get(number)) for number in order)


def _gaps(kept: CompressedChunk) -> Iterator[tuple[int, str]]:
    """Yield place in the joined text and words of what was left out between the pieces and around them."""
    source, at, end = kept.chunk.text, 0, 0
    for piece in kept.pieces:
        if left_out := source[end : piece.start].strip():
            yield at, left_out
        words = source[piece.start : piece.end]
        at = kept.text.find(words, at) + len(words)
        end = piece.end
    if left_out := source[end:].strip():
        yield at, left_out
