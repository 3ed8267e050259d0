"""A document: its text, the passages that it is cut into, and what names a place in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from pathlib import PurePath

from semtoken_rag.stages.passages import passages
from semtoken_rag.text.grams import plain
from semtoken_rag.types import Chunk

LONGEST = 200  # characters: what is longer is no heading
# Code in fences, which may hold what looks like a heading, or a heading.
_MARK = re.compile(r"^ {0,3}(?:(```|~~~)(?s:.*?)(?:^ {0,3}\1|\Z)|(#{1,6})[ \t]+(.*)$)", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """A file as a text, to which all offsets refer.

    Parameters
    ----------
    name
        Its name in citations, such as its path.
    text
        The text of the file: as it is, or as it was read from PDF, HTML or DOCX.
    title
        What the document says that it is called; empty if it does not.
    pages
        First character of each page, if it has pages.
    markdown
        Whether lines that begin with ``#`` are headings.
    """

    name: str
    text: str
    title: str = ""
    pages: tuple[int, ...] = ()
    markdown: bool = False

    @cached_property
    def passages(self) -> tuple[tuple[int, int], ...]:
        """Character ranges of its passages, which cover all of the text but blank lines."""
        return tuple(passages(self.text))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Name and text of each passage as `semtoken_rag.text.grams.plain` gives them, to be searched."""
        return tuple(plain(f"{self.name} {self.text[start:end]}") for start, end in self.passages)

    def chunks(self, ranges: Iterable[tuple[int, int]] | None = None) -> list[Chunk]:
        r"""Return passages as the engine takes them.

        Parameters
        ----------
        ranges
            Character ranges in rising order, as a splitter gives them; None for `passages`.

        Returns
        -------
        list of Chunk
            Each has ``name:start`` as its id, the title (or the name without folders and suffix, so that its
            fingerprint does not depend on where it lies), the headings above it, the name as
            its source, and its first character.

        Examples
        --------
        >>> chunk, = Document("a.md", "# Tower\n\nIt is tall.", markdown=True).chunks([(9, 20)])
        >>> chunk.id, chunk.headings, chunk.text
        ('a.md:9', ('Tower',), 'It is tall.')
        """
        cut = self.passages if ranges is None else tuple(ranges)
        above = _above(self._marked, (start for start, _ in cut))
        return [
            Chunk(
                self.text[start:end],
                id=f"{self.name}:{start}",
                title=self.title or PurePath(self.name).stem,
                headings=headings,
                source=self.name,
                start=start,
            )
            for (start, end), headings in zip(cut, above, strict=True)
        ]

    def place(self, *spans: tuple[int, int]) -> str:
        r"""Name character ranges: their pages if it has pages, else their lines, both from 1.

        >>> Document("a.txt", "one\ntwo\nthree").place((0, 3), (4, 13))
        'lines 1, 2-3'
        """
        numbers = dict.fromkeys(self.numbers(*span) for span in spans)
        named = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in numbers)
        return f"{'page' if self.pages else 'line'}{'' if named.isdigit() else 's'} {named}"

    def numbers(self, start: int, end: int) -> tuple[int, int]:
        """Return first and last page of a character range if there are pages, else its lines; from 1."""
        last = max(start, end - 1)
        if self.pages:
            return bisect_right(self.pages, start), bisect_right(self.pages, last)
        return self._line_of(start), self._line_of(last)

    @cached_property
    def _marked(self) -> list[tuple[int, int, str]]:
        return list(_headings(self.text)) if self.markdown else []

    @cached_property
    def _lines(self) -> tuple[int, ...]:
        """Number of the line that each passage begins in."""
        return tuple(_lines(self.text, self.passages))

    def _line_of(self, place: int) -> int:
        """Count from the passage that begins there or before: a large text has many places to name."""
        passage = bisect_right(self.passages, place, key=itemgetter(0)) - 1
        if passage < 0:
            return self.text.count("\n", 0, place) + 1
        return self._lines[passage] + self.text.count("\n", self.passages[passage][0], place)


def _lines(text: str, passages: Iterable[tuple[int, int]]) -> Iterator[int]:
    at, line = 0, 1
    for start, _ in passages:
        line += text.count("\n", at, start)
        at = start
        yield line


def _headings(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each heading outside of code begins, its level and its text."""
    for found in _MARK.finditer(text):
        if found[2] and len(name := found[3].strip(" \t#")) <= LONGEST:
            yield found.start(), len(found[2]), name


def _above(marked: list[tuple[int, int, str]], starts: Iterable[int]) -> Iterator[tuple[str, ...]]:
    """Yield the headings that what begins at each of the rising ``starts`` stands under."""
    open_: list[tuple[int, str]] = []
    at = 0
    for start in starts:
        while at < len(marked) and marked[at][0] < start:
            _, level, name = marked[at]
            open_ = [each for each in open_ if each[0] < level] + [(level, name)]
            at += 1
        yield tuple(name for _, name in open_ if name)
