"""Definitions: the lines of code that a long block of code is cut at."""

from __future__ import annotations

import re
from collections.abc import Iterator

from semtoken_rag.structure.blocks import read_lines

CODE = 600  # characters from which a code block is cut at its definitions
_DEFINITION = (
    r"(?:export |public |private |static |async )*(?:def|class|function|fn|func|struct|enum|interface|impl)\b"
)


def find_definitions(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Cut a long code block at its definitions.

    Parameters
    ----------
    text
        Any text.
    start
        Where the block begins, in characters.
    end
        Where it ends, exclusive.

    Yields
    ------
    (int, int, bool)
        A range, and whether it is the line of a definition.
    """
    if end - start <= CODE:
        yield start, end, False
        return
    open_at = start
    for a, b in read_lines(text, start, end):
        line = text[a:b]
        if re.match(_DEFINITION, line):
            if open_at < a:
                yield open_at, a, False
            yield a, b, True
            open_at = b
        elif not line.strip() and open_at < a:
            yield open_at, a, False
            open_at = b
    if open_at < end:
        yield open_at, end, False
