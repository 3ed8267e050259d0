"""Units: the sentences, rows, items, entries and lines that are kept or dropped, and what each hangs on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import TypeAlias

import numpy as np
import sentencex

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.outline import parse_outline
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import Chunk, IntArray, Tokens, Units

__all__ = ["MAX_UNIT", "Segment", "Segmenter", "build_units", "segment", "token_ranges"]

MAX_UNIT = 1200  # characters; a longer unit is cut at a blank, or hard where there is none
WINDOW = 4096  # characters that the sentence rules see at once: they take quadratic time over quotation marks
_RULE = r"[\s|:+=-]*\Z"
_CELL = r"\||\t"

Segmenter: TypeAlias = Callable[[str], Sequence[Segment]]


def segment(text: str, language: str = "en") -> list[Segment]:
    r"""Cut a text into units.

    Parameters
    ----------
    text
        Any text.
    language
        Language code of the sentence rules; unknown ones fall back to general rules.

    Returns
    -------
    list of Segment
        In source order, disjoint, without surrounding blanks, each with the one that it hangs on.

    Examples
    --------
    >>> text = "One. Two:\n- a\n- b"
    >>> [(s.kind, text[s.start : s.end], s.parent) for s in segment(text)]
    [('sentence', 'One.', -1), ('lead', 'Two:', -1), ('item', '- a', 1), ('item', '- b', 1)]
    """

    def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        return _sentences(text, start, end, language)

    whole = _json_entries(text)
    if whole is not None:
        return _bound(text, [Segment(start, end, kind) for start, end, kind in whole])
    return _bound(text, parse_outline(text, sentences, _rows))


def _bound(text: str, segments: Sequence[Segment]) -> list[Segment]:
    """Strip blanks and cut what is longer than `MAX_UNIT`; all parts hang on what the whole hangs on."""
    out: list[Segment] = []
    first = []  # of each segment, its first part; -1 if it has none
    for s in segments:
        parent = first[s.parent] if s.parent >= 0 else -1
        first.append(-1)
        for start, end in _bounded(text, s.start, s.end):
            first[-1] = len(out) if first[-1] < 0 else first[-1]
            out.append(Segment(start, end, s.kind, parent))
    return out


def build_units(
    chunks: Sequence[Chunk], tokens: Tokens, segments: Sequence[Sequence[Segment]] | None = None
) -> Units:
    """Make the units of a call: the segments of all its chunks, and the tokens of each.

    Parameters
    ----------
    chunks
        The chunks that ``tokens`` was made of, in the same order.
    tokens
        Their fingerprints.
    segments
        Those of each chunk; None cuts the texts with `segment`.
    """
    if segments is None:
        segments = [segment(chunk.text) for chunk in chunks]
    counts = [len(s) for s in segments]
    first_unit = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    flat = [s for group in segments for s in group]
    chars = np.array([(s.start, s.end) for s in flat], np.int64).reshape(-1, 2)
    chunk = np.repeat(np.arange(len(chunks)), counts)
    parent = np.array([s.parent for s in flat], np.int64)
    return Units(
        chars=chars,
        tokens=token_ranges(chunks, tokens, chars, chunk),
        chunk=chunk,
        parent=np.where(parent >= 0, parent + first_unit[chunk], -1) if len(flat) else parent,
        kinds=tuple(s.kind for s in flat),
    )


def token_ranges(chunks: Sequence[Chunk], tokens: Tokens, chars: IntArray, chunk: IntArray) -> IntArray:
    """Range in ``tokens`` of each character range (m, 2) of its chunk (m,): (m, 2)."""
    # A position in all chunks at once: texts laid end to end, so that one search serves every chunk.
    base = np.concatenate([[0], np.cumsum([len(c.text) + 1 for c in chunks])[:-1]]).astype(np.int64)
    start = tokens.offsets[:, 0] + base[tokens.chunk]
    found: IntArray = np.searchsorted(start, chars + base[chunk][:, None], side="left").reshape(-1, 2)
    return found


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Character range of each line, without its line break."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _sentences(text: str, start: int, end: int, language: str) -> Iterator[tuple[int, int]]:
    left = start  # of the sentence that is open
    while start < end:
        stop = min(end, start + WINDOW)
        parts = sentencex.segment(language, encodable(text[start:stop]))
        for mark in accumulate(map(len, parts), initial=start):
            if start < mark < stop:
                yield left, mark
                left = mark
        start = left if stop < end and left - start >= WINDOW // 2 else stop
    if left < end:
        yield left, end


def _rows(text: str, start: int, end: int) -> list[Segment] | None:
    """Rows of a table; its header (one segment, the first rows) is the parent of all others."""
    lines = [(start + a, start + b) for a, b in _lines(text[start:end])]
    if len(lines) == 1:
        return [Segment(*lines[0], "row")]
    header = _header_rows([text[a:b] for a, b in lines])
    head = Segment(lines[0][0], lines[header - 1][1], "header")
    return [head, *(Segment(a, b, "row", 0) for a, b in lines[header:])]


def _header_rows(rows: Sequence[str]) -> int:
    """How many of a table's first rows are its header: up to a rule, or while the first cell is empty."""
    for i, row in enumerate(rows[:4]):
        if i and re.match(_RULE, row):
            return i + 1
    first = [
        re.split(_CELL, row.strip(" ").removeprefix("|") if row.startswith("|") else row)[0]
        for row in rows[:4]
    ]
    return max(1, next((i for i, cell in enumerate(first) if cell.strip()), len(first)))


def _json_entries(text: str) -> list[tuple[int, int, str]] | None:
    """Entries of a JSON object or array, down to the second level; None where the text is not JSON."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    cuts, depth, quoted = [0], 0, False
    for match in re.finditer(r'\\.|["{}\[\],]', text, re.DOTALL):
        mark = match.group()
        if mark == '"':
            quoted = not quoted
        elif not quoted and len(mark) == 1:
            depth += (mark in "{[") - (mark in "}]")
            if mark == "," and depth <= 2:
                cuts.append(match.end())
    return [(a, b, "entry") for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Strip blanks and cut what is longer than `MAX_UNIT`, at a blank where there is one."""
    while start < end:
        stop = end
        if end - start > MAX_UNIT:
            stop = start + MAX_UNIT
            blank = max(text.rfind(mark, start + MAX_UNIT // 2, stop) for mark in " \n\t")
            stop = blank if blank > 0 else stop
        piece = text[start:stop]
        left = start + len(piece) - len(piece.lstrip())
        right = left + len(piece.strip())
        if left < right:
            yield left, right
        start = stop
