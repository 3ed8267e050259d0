"""Lines and slices of a text, and the last step of every parser: the contract of `Segment` is kept."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from semtoken_rag.structure.base import HEADS, Segment

Range: TypeAlias = tuple[int, int]

LONGEST = 1200  # characters of a segment; rows and entries may be longer
_WHOLE = frozenset({"row", "entry", "line"})
_PLAIN = {"header": "row", "key": "entry", "signature": "code", "stamp": "line"}


def lines(text: str, start: int, end: int) -> Iterator[Range]:
    r"""Yield the range of each line of ``text[start:end]``, without its line break.

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
        Character range of a line, in source order.

    Examples
    --------
    >>> list(lines("ab\r\n\nc", 0, 6))
    [(0, 2), (4, 4), (5, 6)]
    """
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        last = stop - 1 if stop > start and text[stop - 1] == "\r" else stop
        yield start, last
        start = stop + 1


def trim(text: str, start: int, end: int) -> Range:
    """Take the blanks off both ends of a range; an empty one begins and ends at ``start``.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.

    Returns
    -------
    (int, int)
        The character range without blanks around it.
    """
    piece = text[start:end].lstrip()
    left = end - len(piece)
    return (left, left + len(piece.rstrip())) if piece else (start, start)


def finish(
    text: str, drafts: Iterable[Segment], marks: Sequence[Range] = (), holes: Sequence[Range] = ()
) -> list[Segment]:
    """Make drafts keep the contract: no blanks around, no head without a child, none too long.

    Parameters
    ----------
    text
        The text that they are of.
    drafts
        Segments in source order and disjoint; their parents count the drafts.
    marks
        Sorted ranges that no cut may go through, such as tags.
    holes
        Sorted ranges that are left out; what stands behind one hangs on what stands before it.

    Returns
    -------
    list of Segment
        What hung on a draft that is blank, or on a head that is too long, hangs on the next one up.

    Examples
    --------
    >>> finish(" a: b", [Segment(0, 3, "heading"), Segment(3, 5, "sentence", 0)])
    [Segment(start=1, end=3, kind='heading', parent=-1), Segment(start=4, end=5, kind='sentence', parent=0)]
    >>> finish("a:", [Segment(0, 2, "key")])
    [Segment(start=0, end=2, kind='entry', parent=-1)]
    """
    made: list[Segment] = []
    holder: list[int] = []  # of each draft, the segment that its children hang on
    for draft in drafts:
        parent = holder[draft.parent] if draft.parent >= 0 else -1
        for start, end in _parts(text, draft.start, draft.end, holes):
            kind, long = draft.kind, end - start > LONGEST
            if kind in HEADS and long:
                kind = _PLAIN.get(kind, "sentence")
            whole = kind in _WHOLE or not long
            ranges = [(start, end)] if whole else _cut(text, start, end, kind, marks)
            made += [Segment(a, b, kind, parent) for a, b in ranges]
            parent = parent if long and draft.kind in HEADS else len(made) - 1
        holder.append(parent)
    heads = {segment.parent for segment in made}
    return [
        Segment(s.start, s.end, _PLAIN.get(s.kind, "sentence"), s.parent)
        if s.kind in HEADS and number not in heads
        else s
        for number, s in enumerate(made)
    ]


def _parts(text: str, start: int, end: int, holes: Sequence[Range]) -> Iterator[Range]:
    """Yield what is between the holes of a range, if it is more than tags."""
    number = first = bisect_right(holes, (start, 0))
    while number < len(holes) and holes[number][0] < end:
        left, right = trim(text, start, holes[number][0])
        if re.sub(r"<[^<>]*>", "", text[left:right]).strip():
            yield left, right
        start = holes[number][1]
        number += 1
    left, right = trim(text, start, max(start, end))
    if left < right and (number == first or re.sub(r"<[^<>]*>", "", text[left:right]).strip()):
        yield left, right


def _cut(text: str, start: int, end: int, kind: str, marks: Sequence[Range]) -> Iterator[Range]:
    """Cut a long range at blanks (code at line breaks), hard where there is none; long marks are left out."""
    while start < end:
        stop = end
        if end - start > LONGEST:
            stop = start + LONGEST
            signs = "\n" if kind == "code" else " \n\t"
            blank = max(text.rfind(sign, start + LONGEST // 2, stop) for sign in signs)
            stop = blank if blank > 0 else stop
        number = bisect_right(marks, (stop, 0)) - 1
        mark = marks[number] if number >= 0 and marks[number][0] < stop < marks[number][1] else (stop, stop)
        left, right = trim(text, start, max(start, mark[0]))
        if left < right:
            yield left, right
        start = mark[0] if start < mark[0] else mark[1]
