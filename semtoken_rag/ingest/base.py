"""What a corpus is, and how it is cut into parts for several readers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol

from semtoken_rag.types import Chunk


class Source(Protocol):
    """A corpus, or a part of one. It holds names and places alone, so that it can be sent to a worker."""

    def __iter__(self) -> Iterator[Chunk]:
        """Read the chunks one by one, in a fixed order."""
        ...

    def rows(self) -> int:
        """Tell how many chunks there are at most, without decoding them."""
        ...

    def split(self, most: int) -> list[Source]:
        """Cut into at most ``most`` sources that together have each chunk once."""
        ...


def cuts(start: int, end: int, most: int) -> list[tuple[int, int]]:
    """Cut a range into at most ``most`` ranges of nearly one length; an empty range is one.

    Examples
    --------
    >>> cuts(0, 10, 3)
    [(0, 3), (3, 6), (6, 10)]
    """
    parts = max(min(most, end - start), 1)
    marks = [start + (end - start) * i // parts for i in range(parts + 1)]
    return list(pairwise(marks))
