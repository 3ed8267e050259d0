"""Stacks: the headings and the list items that are open, by their level, indent and marker."""

from __future__ import annotations

from dataclasses import dataclass, field

from semtoken_rag.structure.blocks import Block
from semtoken_rag.structure.markers import Marker, read_marker

PLAIN = 7  # level of a heading that only its looks make one
NEAR = 3  # places that a number may be behind the one before it
LEGAL = 4  # the lowest level of numbered headings


@dataclass(slots=True)
class Heading:
    """An open heading: its level, its segment, its number or letter, and the lead that it hangs on."""

    level: int
    index: int
    mark: str = ""
    lead: int = -1


@dataclass(slots=True)
class Headings:
    """The open headings, the outermost first."""

    opened: list[Heading] = field(default_factory=list)

    @property
    def last(self) -> int:
        """Segment of the innermost heading, -1 if none is open."""
        return self.opened[-1].index if self.opened else -1

    @property
    def level(self) -> int:
        """Level of the innermost heading, 0 if none is open."""
        return self.opened[-1].level if self.opened else 0

    def pop(self) -> Heading:
        """Close the innermost heading."""
        return self.opened.pop()

    def push(self, heading: Heading) -> None:
        """Open a heading."""
        self.opened.append(heading)

    def has_before(self, mark: str) -> bool:
        """Return whether an open heading has the number before this one."""
        return any(_is_next(heading.mark, mark) for heading in self.opened if heading.mark)

    def leave_list(self, last: int) -> None:
        """Close the last of the bare lines that a lead announced; ``last`` is the last segment."""
        top = self.opened[-1] if self.opened else None
        if top and top.lead >= 0 and not top.mark and top.index == last:
            self.opened.pop()

    def place(self, block: Block, lead: int, segments: int) -> tuple[int, int]:
        """Close what a heading is no part of; return what it hangs on, and its level.

        Parameters
        ----------
        block
            The heading.
        lead
            What announces it, -1 for nothing.
        segments
            Number of segments so far.

        Returns
        -------
        (int, int)
            Index of the segment that it hangs on, -1 for none, and its level, 1 = highest.
        """
        level, beside = self._level(block), None
        while self.opened and self.level >= level:
            beside = self.pop()
        if lead >= 0 and (block.mark or level >= PLAIN - 1):
            return lead, level
        listed = beside is not None and (bool(block.mark) or beside.index == segments - 1)
        if beside is not None and listed and beside.level == level and beside.lead >= 0:
            return beside.lead, level  # what announced the one before announces this one too
        return self.last, level

    def _level(self, block: Block) -> int:
        """Return the level of a heading: that of the open one with such a number, or one below."""
        read = read_marker(block.mark) if block.mark else []
        if not read:
            return block.level
        for heading in reversed(self.opened):
            if heading.mark and _is_of_a_kind(heading.mark, read):
                return heading.level
        numbered = self.opened and (self.opened[-1].mark or LEGAL - 1 <= self.level <= LEGAL)
        if numbered and any(marker.place == 1 for marker in read):
            return self.level + 1
        return block.level


@dataclass(slots=True)
class _Item:
    indent: int
    index: int
    mark: str
    ended: bool


@dataclass(slots=True)
class Items:
    """The open items of a list, the outermost first."""

    opened: list[_Item] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.opened)

    def has_before(self, mark: str) -> bool:
        """Return whether an open item has the number before this one."""
        return any(_is_next(item.mark, mark) for item in self.opened if item.mark)

    def clear(self) -> None:
        """Close all items."""
        self.opened.clear()

    def over(self, indent: int) -> int:
        """Return the item that an indented text is a part of, -1 if there is none."""
        return next((item.index for item in reversed(self.opened) if item.indent < indent), -1)

    def place(self, block: Block) -> int:
        """Close the items that an item is no part of; return the one that it is a part of, -1 for none."""
        read = read_marker(block.mark) if block.mark else []
        while self.opened and self.opened[-1].indent > block.indent:
            self.opened.pop()
        same = [i for i, item in enumerate(self.opened) if item.indent == block.indent]
        if same:
            before = [i for i in same if _is_beside(self.opened[i].mark, block.mark, read)]
            last = self.opened[-1]
            if before:
                del self.opened[before[-1] :]
            elif not (last.mark and not last.ended and _begins(block.mark, read)):
                del self.opened[same[0] :]
        return self.opened[-1].index if self.opened else -1

    def push(self, block: Block, index: int, ended: bool) -> None:
        """Open an item.

        Parameters
        ----------
        block
            The item.
        index
            Its segment.
        ended
            Whether it is a whole sentence, below which no list of its own begins.
        """
        self.opened.append(_Item(block.indent, index, block.mark, ended))


def _is_beside(before: str, mark: str, read: list[Marker]) -> bool:
    return bool(before) == bool(mark) and (not mark or _is_of_a_kind(before, read))


def _begins(mark: str, read: list[Marker]) -> bool:
    """Return whether a marker begins a list of its own: a bullet, or a first number or letter."""
    return not mark or any(marker.place == 1 for marker in read)


def _is_next(before: str, mark: str) -> bool:
    """Return whether a marker is the one behind another."""
    others = read_marker(before)
    return any(Marker(each.style, each.place - 1) in others for each in read_marker(mark))


def _is_of_a_kind(mark: str, read: list[Marker]) -> bool:
    """Return whether a marker is of the notation of another, or may be and stands right behind it."""
    mine, others = {marker.style: marker.place for marker in read}, read_marker(mark)
    return others[0].style == read[0].style or any(
        other.style in mine and 0 < mine[other.style] - other.place <= NEAR for other in others
    )
