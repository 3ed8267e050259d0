"""Passages: a document cut at its paragraphs, as a splitter would cut it for a retriever."""

from __future__ import annotations

import re
from collections.abc import Iterator

from semtoken_rag.stages.segment import segment

LONG = 1500  # characters of a passage, at most


def passages(text: str) -> list[tuple[int, int]]:
    r"""Return the character ranges of passages: short paragraphs are joined, long ones cut between units.

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
        if len(paragraph) > LONG:
            yield from ((start + unit.start, start + unit.end) for unit in segment(paragraph))
        elif paragraph.strip():
            yield start, gap.start()
        start = gap.end()
