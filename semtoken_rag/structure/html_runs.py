"""Runs of text with inline tags: what of them is a slice, and where sentences may end in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from semtoken_rag.structure.slices import Range, trim

Sentences: TypeAlias = Callable[[str, int, int], Iterable[Range]]

PAIR = 300  # characters of an inline element that no sentence ends in

BOLD = 160  # characters of a bold run that is a heading, with its tags
_BOLD = frozenset({"b", "strong"})
_UNTITLED = (".", "!", "?", ";", ",", "。", "！", "？", "；", "，", "…")
_FINAL = (".", "!", "?", ":", ";", "。", "！", "？", "：", "…")


class Piece(NamedTuple):
    """Text, or an inline tag: its number, that of its partner (-1 for none), and its name."""

    start: int
    end: int
    tag: int = -1
    partner: int = -1
    name: str = ""


def whole(text: str, start: int, end: int) -> Iterator[Range]:
    """Take a text for one sentence.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.

    Yields
    ------
    (int, int)
        The range itself.
    """
    yield start, end


def strip(text: str, pieces: Sequence[Piece]) -> list[Piece]:
    """Take off blanks, line breaks, tags around everything, and halves of elements; [] if nothing is left."""
    left, right = 0, len(pieces)
    tags = [number for number, piece in enumerate(pieces) if piece.tag >= 0]
    low, high = 0, len(tags) - 1  # the first and last tag that are left
    while left < right:
        first, last = pieces[left], pieces[right - 1]
        if _is_blank(text, first) or (
            first.tag >= 0 and not first.tag < first.partner <= pieces[tags[high]].tag
        ):
            left, low = left + 1, low + (first.tag >= 0)
        elif _is_blank(text, last) or (
            last.tag >= 0 and not pieces[tags[low]].tag <= last.partner < last.tag
        ):
            right, high = right - 1, high - (last.tag >= 0)
        elif first.tag >= 0 and first.partner == last.tag and first.name != "a":
            left, right, low, high = left + 1, right - 1, low + 1, high - 1
        else:
            break
    kept = list(pieces[left:right])
    return kept if any(piece.tag < 0 and not _is_blank(text, piece) for piece in kept) else []


def is_bold(text: str, pieces: Sequence[Piece]) -> bool:
    """Return whether a run is bold as a whole, and short and no sentence, so that it names what follows.

    Parameters
    ----------
    text
        The page.
    pieces
        Pieces of the run.

    Returns
    -------
    bool
        Whether it is a heading in all but its tag.
    """
    if not any(piece.name in _BOLD for piece in pieces[:4]):
        return False
    filled = [piece for piece in pieces if not _is_blank(text, piece)]
    if filled[-1].end - filled[0].start > BOLD or filled[0].name not in _BOLD:
        return False
    words = "".join(text[p.start : p.end] for p in filled if p.tag < 0).strip()
    return filled[0].partner == filled[-1].tag >= 0 and len(words) > 1 and not words.endswith(_UNTITLED)


def _is_blank(text: str, piece: Piece) -> bool:
    if piece.tag >= 0:
        return piece.name in ("br", "wbr", "!--", "img", "input")
    return not text[piece.start : piece.end].replace("&nbsp;", " ").strip()


def broken(text: str, pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield the lines that ``<br>`` makes; one that goes on in the next is not ended by it."""
    line: list[Piece] = []
    for number, piece in enumerate(pieces):
        if piece.name == "br" and strip(text, line):
            before = text[: piece.start][-40:].rstrip()
            after = next(
                (text[p.start : p.end].strip() for p in pieces[number + 1 : number + 4] if p.tag < 0), ""
            )
            if before.endswith(_FINAL) or not after[:1].islower():
                yield line
                line = []
                continue
        line.append(piece)
    yield line


def cut(text: str, pieces: Sequence[Piece], sentences: Sentences) -> list[Range]:
    """Cut a run into sentences, none of which begins inside of a tag or of a short inline element.

    Parameters
    ----------
    text
        The page.
    pieces
        Pieces of the run, at least one.
    sentences
        Cuts a range of a text into ranges of sentences.

    Returns
    -------
    list of (int, int)
        Character ranges of the sentences, in source order.
    """
    start, end = pieces[0].start, pieces[-1].end
    guarded = _guarded(pieces)
    begins = [start]
    at, reach = 0, start  # how many of the guarded ranges begin before, and the end of these
    for begin, _ in sentences(text, start, end):
        while at < len(guarded) and guarded[at][0] < begin:
            reach = max(reach, guarded[at][1])
            at += 1
        if max(reach, begins[-1] + 1) <= begin < end:
            begins.append(begin)
    ranges = [trim(text, a, b) for a, b in zip(begins, [*begins[1:], end], strict=True)]
    return [(a, b) for a, b in ranges if a < b]


def _guarded(pieces: Sequence[Piece]) -> list[Range]:
    """Ranges of tags and of short inline elements, sorted."""
    ends = {piece.tag: piece.end for piece in pieces if piece.tag >= 0}
    pairs = [
        (piece.start, ends[piece.partner])
        for piece in pieces
        if piece.tag >= 0 and piece.partner > piece.tag and piece.partner in ends
    ]
    tags = [(piece.start, piece.end) for piece in pieces if piece.tag >= 0]
    return sorted(tags + [(a, b) for a, b in pairs if b - a <= PAIR])
