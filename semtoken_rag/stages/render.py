"""From a selection to text: verbatim slices of the chunks, the only place that joins strings (paper: 3.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from semtoken_rag.result import CHANCE, CompressedChunk, Piece
from semtoken_rag.types import Chunk, Granularity, Selection, Units

STOPS = ".!。！．"  # final marks, without which a sentence is still whole
ORDERS = ("source", "relevance", "best-last", "edges")


def pieces_of(chunk: int, units: Units, selected: Selection, text: str = "") -> tuple[Piece, ...]:
    """Return the pieces of one chunk: neighbours that are kept whole join, with the blanks between them.

    Parameters
    ----------
    chunk
        Number of the chunk.
    units
        Units of the call.
    selected
        What is kept of them.
    text
        The chunk's, in which a unit without its final mark is not broken.

    Returns
    -------
    tuple of Piece
        The pieces in source order.
    """
    first, last = np.searchsorted(units.chunk, [chunk, chunk + 1])
    members = first + np.flatnonzero(selected.granularity[first:last] > Granularity.DROPPED)
    score, chance = selected.scores["score"], selected.scores.get(CHANCE)
    pieces: list[Piece] = []
    previous = -2
    for unit in members.tolist():
        start, end = map(int, selected.chars[unit])
        grain = Granularity(int(selected.granularity[unit]))
        value = float(score[unit])
        wanted = 0.0 if chance is None else float(chance[unit])
        whole = pieces and pieces[-1].granularity == grain == Granularity.FINE
        if unit == previous + 1 and whole and not _has_words(text[pieces[-1].end : start]):
            joined = pieces.pop()
            start, value = joined.start, max(value, joined.score)
            wanted = max(wanted, joined.probability or 0.0)
        whole_start, whole_end = units.chars[unit].tolist()
        broken = end < whole_end and (not text or bool(text[end:whole_end].strip(STOPS)))
        pieces.append(Piece(start, end, grain, value, start > whole_start, broken, wanted or None))
        previous = unit
    return tuple(pieces)


def _has_words(between: str) -> bool:
    """Return whether there are words beside tags between two units, such as a menu or a style of a page.

    >>> _has_words("</p> <p>"), _has_words("</p><style>p{color:red}</style><p>")
    (False, True)
    """
    return "<" in between and re.search(r"\w", re.sub(r"<[^<>]*>", "", between)) is not None


def join(text: str, pieces: Sequence[Piece], gap: str) -> str:
    """Join the pieces of a chunk, with a mark where something was left out.

    Parameters
    ----------
    text
        The chunk's text.
    pieces
        In source order.
    gap
        Stands between two pieces that something was left out between, at a broken start and at a broken end.
        If the source breaks the line between two whole pieces, so does the result, without a mark.

    Returns
    -------
    str
        The joined text.
    """
    out: list[str] = []
    previous: Piece | None = None
    for piece in pieces:
        if previous is None:
            out.append(gap.lstrip() if piece.broken_start else "")
        elif previous.broken_end or piece.broken_start:
            out.append(gap)
        elif not (between := text[previous.end : piece.start]).strip():
            out.append(between)
        else:
            out.append("\n" if "\n" in between else gap)
        out.append(text[piece.start : piece.end])
        previous = piece
    if previous is not None and previous.broken_end:
        out.append(gap.rstrip())
    return "".join(out)


def prefix_of(chunk: Chunk, titles: bool) -> str:
    """Return the line that stands in front of a chunk's pieces: headings, and the title if ``titles``.

    Those that begin the text, or stand in it as a line, are left out; empty if none is left.
    """
    names = (chunk.title if titles else "", *chunk.headings)
    lines = {line.strip(" #*=\t") for line in chunk.text.splitlines()}
    shown = dict.fromkeys(name.strip() for name in names if name.strip() and name.strip() not in lines)
    return " > ".join(shown) + "\n" if shown else ""


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
