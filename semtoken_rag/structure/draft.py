"""Segments that are being related to each other: what each hangs on may still change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from semtoken_rag.structure.base import HEADS, Segment
from semtoken_rag.structure.naming import PLAIN
from semtoken_rag.types import LIMIT

MOST = 16  # limits of one segment
_BREAK = r"\n|</?(?:p|div|li|br|dt|dd|tr|td|th|h\d|ul|ol|dl|table)\b"
_BLANK = r"\n[ \t>]*\n|</?(?:p|div|ul|ol|dl|table|h\d)\b"
_MARKUP = r"(?:[\s*_>#\u200b]|<[^<>]{0,200}>)*"


@dataclass
class Draft:
    """The segments of a text as lists.

    Parameters
    ----------
    text
        The text.
    segments
        Its segments, in source order.
    """

    text: str
    segments: Sequence[Segment]
    kinds: list[str] = field(init=False)
    parents: list[int] = field(init=False)
    limits: dict[int, int] = field(default_factory=dict)  # how many each segment has

    def __post_init__(self) -> None:
        self.kinds = [s.kind for s in self.segments]
        self.parents = [s.parent for s in self.segments]
        places = [0, *(at for s in self.segments for at in (s.start, s.end)), len(self.text)]
        gaps = [self.text[a:b] for a, b in zip(places[::2], places[1::2], strict=True)]
        # Of each segment, whether the text before it breaks the line, or leaves one blank.
        self.breaks = [True, *(_has(_BREAK, gap) for gap in gaps[1:-1]), True]
        self.blanks = [True, *(_has(_BLANK, gap) for gap in gaps[1:-1]), True]
        # Whether it begins a line, but for markup.
        self.begins = [
            breaks and re.fullmatch(_MARKUP, gap[-300:]) is not None
            for breaks, gap in zip(self.breaks, gaps[:-1], strict=False)
        ]

    def said(self, number: int) -> str:
        """Return the text of a segment."""
        return self.text[self.segments[number].start : self.segments[number].end]

    def ancestors(self, number: int) -> list[int]:
        """Return what a segment hangs on, the nearest first."""
        found = []
        while (number := self.parents[number]) >= 0:
            found.append(number)
        return found

    def limit(self, number: int, limited: int) -> bool:
        """Make a segment a limit of one before it, unless that has `MOST`; return whether it is one."""
        self.limits[limited] = count = self.limits.get(limited, 0) + 1
        if count <= MOST:
            self.kinds[number], self.parents[number] = LIMIT, limited
        return count <= MOST

    def finish(self) -> list[Segment]:
        """Return the segments; a head that nothing hangs on any more has an ordinary kind."""
        parents = set(self.parents)
        made = []
        for number, s in enumerate(self.segments):
            kind, parent = self.kinds[number], self.parents[number]
            if kind in HEADS and number not in parents:
                kind = PLAIN[kind]
            same = kind == s.kind and parent == s.parent
            made.append(s if same else Segment(s.start, s.end, kind, parent))
        return made


def _has(pattern: str, gap: str) -> bool:
    """Return whether a pattern is in what is between two segments, mostly one blank, which has none."""
    return gap != " " and re.search(pattern, gap) is not None
