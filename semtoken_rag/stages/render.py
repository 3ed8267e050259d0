"""From a selection to text: verbatim slices of the chunks, the only place that joins strings (paper: 3.5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semtoken_rag.result import CompressedChunk, Piece
from semtoken_rag.types import Granularity, Selection, Units

ORDERS = ("source", "relevance", "best-last", "edges")


def pieces_of(chunk: int, units: Units, selected: Selection) -> tuple[Piece, ...]:
    """Return the pieces of one chunk: neighbours that are kept whole join, with the blanks between them.

    Parameters
    ----------
    chunk
        Number of the chunk.
    units
        Those of the call.
    selected
        What is kept of them.

    Returns
    -------
    tuple of Piece
        In source order.
    """
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
    """Join the pieces of a chunk.

    Parameters
    ----------
    text
        The chunk's text.
    pieces
        In source order.
    gap
        Stands between two of them; if it is a blank and the source breaks the line there, so does the result.

    Returns
    -------
    str
        What is passed on of the chunk.
    """
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
