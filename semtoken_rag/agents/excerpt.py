"""Excerpts of one long text within a budget: for a question, from its beginning, or around its middle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np

from semtoken_rag.agents.shortlist import overlap, shortlist
from semtoken_rag.compressor import SemToken
from semtoken_rag.result import Piece
from semtoken_rag.stages.render import join
from semtoken_rag.types import Chunk, Granularity

ENCODED_CHARS = 32_000  # most characters of one text that are encoded, if the budget asks for no more
PER_TOKEN = 16  # characters that are encoded for each token of the budget
LONGEST = 256  # most characters of what is made for each token of the budget
GAP = " … "
TRACEBACK = r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*\S.*"

Count = Callable[[str], int]


def excerpt(
    text: str,
    query: str,
    *,
    engine: SemToken,
    max_tokens: int,
    encoded: int = ENCODED_CHARS,
    landmarks: bool = False,
) -> str:
    """Return what a text says on a question.

    Parameters
    ----------
    text
        The text. Of a very long one only a shortlist is encoded, see
        `semtoken_rag.agents.shortlist.shortlist`.
    query
        The question.
    engine
        Chooses, and counts tokens.
    max_tokens
        Most tokens.
    encoded
        Most characters that are encoded, if the budget asks for no more.
    landmarks
        Whether the first line and the last traceback are kept, as far as half of the budget allows.

    Returns
    -------
    str
        Slices of the text in their order, with marks where something is left out inside a line.
    """
    count = engine.counter.count
    kept = _landmarks(text, count, max_tokens // 2) if landmarks else []
    room = max_tokens - sum(count(text[start:end]) + 2 for start, end in kept)
    ranges = shortlist(text, query, max(encoded, PER_TOKEN * max_tokens))
    while room > 0:
        context = engine.compress([Chunk(text[a:b]) for a, b in ranges], query, max_tokens=room)
        pieces = [
            Piece(
                piece.start + ranges[chunk.index][0],
                piece.end + ranges[chunk.index][0],
                piece.granularity,
                piece.score,
                piece.broken_start,
                piece.broken_end,
            )
            for chunk in context.chunks
            for piece in chunk.pieces
        ]
        if all(any(a <= p.start and p.end <= b for a, b in kept) for p in pieces):
            # Nothing more fits, as where many lines look like one sentence.
            pieces = _best_lines(text, query, ranges, engine.counter.count, room)
        made = join(text, _united(pieces, kept), GAP)
        if len(made) > LONGEST * max_tokens:  # blanks, which some counters count as nothing
            break
        if (excess := count(made) - max_tokens) <= 0:
            return made if made.strip() else beginning(text, count, max_tokens)
        room = min(room - excess, room * 9 // 10)
    return beginning(text, count, max_tokens)


def beginning(text: str, count: Count, max_tokens: int) -> str:
    r"""Return the longest beginning of a text that fits, up to the end of a line if there is one near.

    Parameters
    ----------
    text
        The text.
    count
        Counts tokens.
    max_tokens
        Most tokens.

    Returns
    -------
    str
        The text itself if it fits.

    Examples
    --------
    >>> beginning("a b\nc d e f", lambda text: len(text.split()), 3)
    'a b\n'
    """
    return text[: _fitting(text, count, max_tokens)]


def middle_cut(text: str, count: Count, max_tokens: int) -> str:
    r"""Return the first and the last lines of a text: of an error, the end tells the most.

    Parameters
    ----------
    text
        The text.
    count
        Counts tokens.
    max_tokens
        Most tokens.

    Returns
    -------
    str
        The text itself if it fits.

    Examples
    --------
    >>> middle_cut("a b\nc d\ne f\ng h\ni j", lambda text: len(text.split()), 7)
    'a b\n…\ng h\ni j'
    """
    if len(text) <= PER_TOKEN * max_tokens and count(text) <= max_tokens:
        return text
    for room in range(max_tokens - 1, 0, -max(1, max_tokens // 16)):
        head = text[: _fitting(text, count, room * 2 // 5)]
        tail = text[len(text) - _fitting(text[::-1], lambda part: count(part[::-1]), room - count(head)) :]
        made = f"{head.rstrip()}\n…\n{tail.lstrip()}".strip()
        if count(made) <= max_tokens:
            return made
    return ""


def _fitting(text: str, count: Count, max_tokens: int) -> int:
    """Return how many characters of a text's beginning fit, whole lines if they are half of it or more."""
    low, high = 0, min(len(text), PER_TOKEN * max_tokens)
    if count(text[:high]) <= max_tokens:
        low = high
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(text[:middle]) <= max_tokens else (low, middle)
    if low == len(text):
        return low
    line = text.rfind("\n", 0, low) + 1
    return line if line > low // 2 else low


def _landmarks(text: str, count: Count, room: int) -> list[tuple[int, int]]:
    """Return the ranges of the first line and of the last traceback, as far as they fit."""
    start = len(text) - len(text.lstrip())
    end = start + len(text[start : start + PER_TOKEN * room].split("\n", 1)[0])
    found = [(start, end)]
    at = text.rfind("Traceback (most recent call last):\n")
    if at > 0 and (match := re.compile(TRACEBACK).match(text, at, at + PER_TOKEN * room)):
        found.append(match.span())
    kept = []
    for start, end in found:
        cost = count(text[start:end]) + 2
        if cost <= room:
            kept.append((start, end))
            room -= cost
    return kept


def _best_lines(
    text: str, query: str, ranges: Iterable[tuple[int, int]], count: Count, room: int
) -> list[Piece]:
    """Return the lines that share most words with a question, as many as fit."""
    lines = [
        (start + line.start(), start + line.end())
        for start, end in ranges
        for line in re.finditer(r"\S[^\n]*", text[start:end])
    ]
    pieces = []
    for i in np.argsort(-overlap((text[a:b] for a, b in lines), query), kind="stable").tolist():
        start, end = lines[i]
        room -= count(text[start:end]) + 1
        if room < 0:
            break
        pieces.append(Piece(start, end, Granularity.FINE, 0.0))
    return pieces


def _united(pieces: Iterable[Piece], kept: Iterable[tuple[int, int]]) -> list[Piece]:
    """Return the pieces in source order, each range of ``kept`` in one with those that overlap it."""
    out: list[Piece] = []
    whole = [Piece(start, end, Granularity.FINE, 0.0) for start, end in kept]
    for piece in sorted([*pieces, *whole], key=lambda piece: (piece.start, -piece.end)):
        if not out or piece.start >= out[-1].end:
            out.append(piece)
        elif piece.end > (last := out.pop()).end:
            out.append(
                Piece(
                    last.start, piece.end, Granularity.FINE, last.score, last.broken_start, piece.broken_end
                )
            )
        else:
            out.append(last)
    return out
