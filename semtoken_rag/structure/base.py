"""What the parsers of all notations return: segments, each with the segment that it hangs on."""

from __future__ import annotations

from dataclasses import dataclass

from semtoken_rag.types import HEADS

__all__ = ["CUTTABLE", "HEADS", "Segment"]

CUTTABLE = frozenset({"sentence", "item"})


@dataclass(frozen=True, slots=True)
class Segment:
    """One unit of a text.

    Attributes
    ----------
    start, end
        Character range in the text, without surrounding blanks.
    kind
        One of `HEADS`, which is never kept without a segment that hangs on it, or ``sentence``, ``item``,
        ``row``, ``entry``, ``line`` or ``code``; ``limit`` if its parent is not kept without it. Those
        of `CUTTABLE` may be kept in part.
    parent
        Index, in the same list, of the segment that this one hangs on and is never kept without; -1 for none.
        It stands before this one. Parents have parents: a row hangs on its header, that on its caption, that
        on its heading.
    """

    start: int
    end: int
    kind: str
    parent: int = -1
