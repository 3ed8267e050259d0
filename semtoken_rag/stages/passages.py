"""Passages: a document cut at its paragraphs, as a splitter would cut it for a retriever."""

from __future__ import annotations

import re
from collections.abc import Iterator

from semtoken_rag.stages.segment import segment

LONG = 1500  # characters of a passage, at most
LARGE = 50_000  # characters from which a paragraph, such as a table or a log, is cut at its lines


def passages(text: str) -> list[tuple[int, int]]:
    r"""Return the character ranges of passages: short paragraphs are joined, long ones cut between units.

    One of more than `LARGE` characters is cut at its lines, which is quicker than to parse it.

    >>> text = "One.\n\nTwo.\n\n" + 400 * "More. "
    >>> [text[a:b][:10] for a, b in passages(text)]
    ['One.\n\nTwo.', 'More. More']
    """
    found: list[tuple[int, int]] = []
    for start, end in _parts(text):
        if found and end - found[-1][0] <= LONG:
            start = found.pop()[0]
        found.append((start, end))
    return found


def _parts(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in re.finditer(r"\n\s*\n|\Z", text):
        paragraph = text[start : gap.start()]
        if len(paragraph) > LARGE and "\n" in paragraph:
            for line in re.finditer(r".+", paragraph):
                yield from _paragraph(line[0], start + line.start())
        else:
            yield from _paragraph(paragraph, start)
        start = gap.end()


def _paragraph(text: str, start: int) -> Iterator[tuple[int, int]]:
    if len(text) > LONG:
        yield from ((start + unit.start, start + unit.end) for unit in segment(text))
    elif text.strip():
        yield start, start + len(text)
