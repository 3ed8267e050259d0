"""Open elements of a page, and where a list of terms ends that no tag closes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from semtoken_rag.structure.html_runs import Piece
from semtoken_rag.structure.html_tokens import Token

BEHIND = frozenset({"p", "div", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article"})
INLINE = 40  # tags within a meaning that are looked at


@dataclass(slots=True)
class Box:
    """An open element: what its text is, what that hangs on, and its first segment."""

    number: int
    name: str
    role: str
    parent: int = -1
    own: int = -1
    headings: list[tuple[int, int]] = field(default_factory=list)
    holder: Box | None = None  # the element around it whose text this is a part of


def is_open(pairs: Sequence[int], boxes: Sequence[Box]) -> bool:
    """Return whether the innermost element is a meaning in a list that nothing closes.

    Parameters
    ----------
    pairs
        Number of the tag that closes or opens each tag, -1 for none.
    boxes
        Open elements, the innermost last.

    Returns
    -------
    bool
        Whether the list has no end tag; also where it has no start tag.
    """
    if not boxes or boxes[-1].name != "dd" or pairs[boxes[-1].number] >= 0:
        return False
    around = boxes[-2] if len(boxes) > 1 else None
    return around is None or (around.name == "dl" and pairs[around.number] < 0)


def ends_terms(tags: Sequence[Token], pairs: Sequence[int], boxes: Sequence[Box], number: int) -> bool:
    """Return whether a block stands behind a list of terms that nothing closes, and not in its last meaning.

    Parameters
    ----------
    tags
        Tags of the page, in source order.
    pairs
        Number of the tag that closes or opens each, -1 for none.
    boxes
        Open elements, the innermost last.
    number
        Number of the tag that opens the block.

    Returns
    -------
    bool
        Whether the last meaning is complete: text and no blocks, and no term comes behind.
    """
    if not is_open(pairs, boxes) or len(boxes) < 2:
        return False
    first = boxes[-1].number
    inside, behind = tags[first + 1 : min(number, first + INLINE)], tags[number : number + INLINE]
    between = tags[number].start - tags[first].end > sum(tag.end - tag.start for tag in inside)
    return (
        number - first <= INLINE
        and between
        and all(tag.name not in BEHIND for tag in inside)
        and all(tag.name not in ("dt", "dd") for tag in behind)
    )


def at_blank_line(text: str, pieces: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Part a run at its first blank line: what is before it, and what is behind.

    Parameters
    ----------
    text
        The page.
    pieces
        Pieces of the run.

    Returns
    -------
    (list of Piece, list of Piece)
        Both parts; the second is empty if there is no blank line.
    """
    for number, piece in enumerate(pieces):
        found = (
            re.search(r"\S\s*?\n[ \t\r]*\n\s*(?=\S)", text[piece.start : piece.end])
            if piece.tag < 0
            else None
        )
        if found:
            stop, begin = piece.start + found.start() + 1, piece.start + found.end()
            before = [*pieces[:number], Piece(piece.start, stop)]
            return before, [Piece(begin, piece.end), *pieces[number + 1 :]]
    return pieces, []
