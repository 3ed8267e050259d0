"""The protocol of a corpus, and how a range is cut into parts for several readers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol

from semtoken_rag.types import Chunk


class Source(Protocol):
    """A corpus or a part of one. It holds only paths and positions, so that it can be sent to a worker."""

    def __iter__(self) -> Iterator[Chunk]:
        """Read the chunks one by one, in a fixed order."""
        ...

    def rows(self) -> int | None:
        """Return an upper bound of the number of chunks, without decoding them; None if there is none."""
        ...

    def split(self, most: int) -> list[Source]:
        """Cut into at most ``most`` sources that together hold each chunk once."""
        ...


def cuts(start: int, end: int, most: int) -> list[tuple[int, int]]:
    """Cut a range into ranges of nearly equal length.

    Parameters
    ----------
    start
        First position of the range.
    end
        Position behind the last one.
    most
        Largest number of ranges.

    Returns
    -------
    list of (int, int)
        Start and end of each range, at least one; an empty range is not cut.

    Examples
    --------
    >>> cuts(0, 10, 3)
    [(0, 3), (3, 6), (6, 10)]
    """
    parts = max(min(most, end - start), 1)
    marks = [start + (end - start) * i // parts for i in range(parts + 1)]
    return list(pairwise(marks))
