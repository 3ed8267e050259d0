"""A text cut into passages, with what names a place in it: headings, lines, pages."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from semtoken_rag.stages.passages import passages
from semtoken_rag.text.grams import plain
from semtoken_rag.types import Chunk

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)


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
    headings
        Markdown headings that each passage stands under, the highest first.
    words
        Path and text of each passage as `semtoken_rag.text.grams.plain` gives them, to be searched.
    """

    path: str
    text: str
    pages: tuple[int, ...]
    passages: tuple[tuple[int, int], ...]
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
        marked = list(_headings(text)) if path.endswith((".md", ".markdown")) else []
        above = tuple(_above(marked, start) for start, _ in cut)
        words = tuple(plain(f"{path} {text[start:end]}") for start, end in cut)
        return cls(path, text, pages, cut, above, words)

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
        first = self.text.count("\n", 0, start) + 1
        return first, first + self.text.count("\n", start, max(start, end - 1))


def _headings(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each heading outside of code begins, its level and its text."""
    fences = [found.span() for found in _FENCE.finditer(text)]
    for found in _HEADING.finditer(text):
        if not any(start <= found.start() < end for start, end in fences):
            yield found.start(), len(found[1]), found[2]


def _above(marked: list[tuple[int, int, str]], start: int) -> tuple[str, ...]:
    """Return the headings that what begins at ``start`` stands under."""
    open_: list[tuple[int, str]] = []
    for place, level, name in marked:
        if place >= start:
            break
        open_ = [each for each in open_ if each[0] < level] + [(level, name)]
    return tuple(name for _, name in open_ if name)
