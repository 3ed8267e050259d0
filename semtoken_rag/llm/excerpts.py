"""Chunks as they enter the prompt: kept pieces, or whole with the kept ranges marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from semtoken_rag.context import CompressedContext
from semtoken_rag.result import CompressedChunk
from semtoken_rag.stages.segment import segment
from semtoken_rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A chunk as it enters the prompt.

    Attributes
    ----------
    title
        Precedes the text; may be empty.
    text
        What is kept of the chunk, or all of it if the KV cache is pruned later.
    kept
        Whether anything of the chunk is kept besides its title.
    gaps
        What was left out: offset in ``text``, and the words.
    pieces, units : (start, end) each
        In a full excerpt: the ranges that are kept, and its sentences, rows and so on.
    """

    title: str
    text: str
    kept: bool = True
    gaps: tuple[tuple[int, str], ...] = ()
    pieces: tuple[tuple[int, int], ...] = ()
    units: tuple[tuple[int, int], ...] = ()


def kept_excerpts(
    context: CompressedContext, chunks: Sequence[Chunk] | None = None, *, titles: bool = False
) -> list[Excerpt]:
    """Return what is kept of each chunk, the pieces joined as in the context's text.

    Parameters
    ----------
    context
        The compressed context.
    chunks
        All chunks of the call; None: those of which nothing is kept are not known.
    titles
        Whether a chunk of which nothing is kept leaves its title.

    Returns
    -------
    list of Excerpt
        In the order of the context; empty if nothing is kept.

    Raises
    ------
    ValueError
        If the chunks are not those that the context was made of.
    """
    excerpts: list[Excerpt] = []
    for _, chunk, kept in _walk(context, chunks):
        if kept is not None:
            excerpts.append(Excerpt(chunk.title, kept.text, gaps=tuple(_gaps(kept))))
        elif titles and chunk.title:
            excerpts.append(Excerpt(chunk.title, "", kept=False, gaps=((0, chunk.text),)))
        elif excerpts:  # a merged token that stands for these words goes to the end of the chunk before
            last = excerpts[-1]
            excerpts[-1] = replace(last, gaps=(*last.gaps, (len(last.text), chunk.text)))
    return excerpts


def full_excerpts(context: CompressedContext, chunks: Sequence[Chunk] | None = None) -> list[Excerpt]:
    """Return the chunks whole, with the ranges that are kept.

    Parameters
    ----------
    context
        The compressed context.
    chunks
        All chunks of the call; None: those of which nothing is kept are not known.

    Returns
    -------
    list of Excerpt
        In the order of the context; empty if nothing is kept.

    Raises
    ------
    ValueError
        If the chunks are not those that the context was made of.
    """
    units: dict[int, list[tuple[int, int]]] = {}
    for unit in context.units:
        units.setdefault(unit.chunk, []).append((unit.start, unit.end))
    excerpts = []
    for number, chunk, kept in _walk(context, chunks):
        own = units.get(number) or [(s.start, s.end) for s in segment(chunk.text)]
        pieces = tuple((p.start, p.end) for p in kept.pieces) if kept else ()
        excerpts.append(Excerpt(chunk.title, chunk.text, kept is not None, (), pieces, tuple(sorted(own))))
    return excerpts


def _walk(
    context: CompressedContext, chunks: Sequence[Chunk] | None
) -> Iterator[tuple[int, Chunk, CompressedChunk | None]]:
    """Yield number, chunk and what is kept; dropped chunks in place, or last if the order was changed."""
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
    """Yield offset in the joined text and words of what was left out between and around the pieces."""
    source, at, end = kept.chunk.text, 0, 0
    for piece in kept.pieces:
        if left_out := source[end : piece.start].strip():
            yield at, left_out
        words = source[piece.start : piece.end]
        at = kept.text.find(words, at) + len(words)
        end = piece.end
    if left_out := source[end:].strip():
        yield at, left_out
