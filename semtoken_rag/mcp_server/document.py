"""A text cut into passages, with what names a place in it: headings, lines, pages."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from semtoken_rag.stages.passages import passages
from semtoken_rag.text.grams import plain
from semtoken_rag.types import Chunk

LONGEST = 200  # characters: what is longer is no heading
# Code in fences, which may hold what looks like a heading, or a heading.
_MARK = re.compile(r"^ {0,3}(?:(```|~~~)(?s:.*?)(?:^ {0,3}\1|\Z)|(#{1,6})[ \t]+(.*)$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """A text and its passages; made by `Document.of`.

    Attributes
    ----------
    path
        Its name in citations.
    text
        The text of the file, or of the pages of a PDF, as they were read.
    pages
        First character of each page of a PDF; empty for any other file.
    passages
        Character range of each passage.
    lines
        Number of the line that each passage begins in, from 1.
    headings
        Markdown headings that each passage stands under, the highest first.
    words
        Path and text of each passage as `semtoken_rag.text.grams.plain` gives them, to be searched.
    """

    path: str
    text: str
    pages: tuple[int, ...]
    passages: tuple[tuple[int, int], ...]
    lines: tuple[int, ...]
    headings: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, path: str, text: str, pages: tuple[int, ...] = ()) -> Document:
        """Cut a text into passages.

        Parameters
        ----------
        path
            Its name in citations; the suffix ``.md`` or ``.markdown`` says that it has markdown's headings.
        text
            The text.
        pages
            First character of each page, if it has pages.

        Returns
        -------
        Document
            The passages cover all of the text but blank lines.
        """
        cut = tuple(passages(text))
        marked = list(_headings(text)) if path.lower().endswith((".md", ".markdown")) else []
        above = tuple(_above(marked, (start for start, _ in cut)))
        words = tuple(plain(f"{path} {text[start:end]}") for start, end in cut)
        return cls(path, text, pages, cut, tuple(_lines(text, cut)), above, words)

    def chunk(self, passage: int) -> Chunk:
        """Return a passage as the engine takes it."""
        start, end = self.passages[passage]
        return Chunk(
            self.text[start:end],
            title=self.path,
            headings=self.headings[passage],
            source=self.path,
            start=start,
        )

    def place(self, *spans: tuple[int, int]) -> str:
        r"""Name character ranges: their pages in a PDF, else their lines, both from 1.

        >>> Document.of("a.txt", "one\ntwo\nthree").place((0, 3), (4, 13))
        'lines 1, 2-3'
        """
        numbers = dict.fromkeys(self._page(*span) if self.pages else self._line(*span) for span in spans)
        named = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in numbers)
        return f"{'page' if self.pages else 'line'}{'' if named.isdigit() else 's'} {named}"

    def _page(self, start: int, end: int) -> tuple[int, int]:
        return bisect_right(self.pages, start), bisect_right(self.pages, max(start, end - 1))

    def _line(self, start: int, end: int) -> tuple[int, int]:
        return self._line_of(start), self._line_of(max(start, end - 1))

    def _line_of(self, place: int) -> int:
        """Count from the passage that begins there or before: a large text has many places to name."""
        passage = bisect_right(self.passages, place, key=itemgetter(0)) - 1
        if passage < 0:
            return self.text.count("\n", 0, place) + 1
        return self.lines[passage] + self.text.count("\n", self.passages[passage][0], place)


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
