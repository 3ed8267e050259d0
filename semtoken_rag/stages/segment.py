"""Units: sentences, table rows, list items, code blocks and JSON entries that are kept or dropped whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import TypeAlias

import numpy as np
import sentencex

from semtoken_rag.structure.base import Segment
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import Chunk, IntArray, Tokens, Units

MAX_UNIT = 1200  # characters; a longer unit is cut at a blank, or hard where there is none
WINDOW = 4096  # characters that the sentence rules see at once: they take quadratic time over quotation marks
WRAPPED = 50  # a line of at least this many characters without a final mark goes on in the next

# Strings: re compiles them at their first use and not at import, of which they would be a tenth.
_FENCE = r"\s*(`{3,}(?=[^`]*\Z)|~{3,})"  # no fence: a line with ``` at its end too
_ITEM = r"\s*(?:[-*+•‣◦]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+\S"
_RULE = r"[\s|:+=-]*\Z"
_CODE = (
    r"\s*(?:>>> |\.\.\. |(?:def|class|async def|function|fn|func|struct|enum|interface|impl) \w"
    r"|(?:import|package|using|namespace) [\w.*{},:\s]+(?:;\s*)?\Z|from [\w.]+ import |#include\b"
    r"|@\w+(?:\(|\s*\Z)"
    r"|(?:return|if|elif|else|for|while|try|except|with|switch|case)\b.*[:{;]\s*\Z|[})\]]+[;,]?\s*\Z)"
    r"|.*[;{]\s*\Z|\s*[\w.\[\]]+(?:: \w+)? = \S.*[\w)\]}'\"]\s*\Z"
)
_KEY = r"\s*[\w.-]+(?: [\w.-]+){0,3}: "
_FINAL = tuple(".!?:;。！？।؟…")
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
        In source order, disjoint, without surrounding blanks; together they hold every non-blank character.

    Examples
    --------
    >>> [(s.kind, "One. Two.\n- a\n- b"[s.start : s.end]) for s in segment("One. Two.\n- a\n- b")]
    [('sentence', 'One.'), ('sentence', 'Two.'), ('item', '- a'), ('item', '- b')]
    """
    segments: list[Segment] = []
    for start, end, kind in _json_entries(text) or _blocks(text):
        if kind == "sentence":
            pieces: Iterator[tuple[int, int]] = _sentences(text, start, end, language)
        elif kind == "row":
            segments += _rows(text, start, end, len(segments))
            continue
        else:
            pieces = iter([(start, end)])
        for left, right in pieces:
            segments += [Segment(a, b, kind) for a, b in _bounded(text, left, right)]
    return segments


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

    Returns
    -------
    Units
        Those of a chunk are adjacent and in source order.
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
    """Return the range of tokens in each character range.

    Parameters
    ----------
    chunks
        Those of the call.
    tokens
        Their fingerprints.
    chars
        Character ranges, each of its chunk's text: (m, 2).
    chunk
        Chunk of each: (m,).

    Returns
    -------
    IntArray
        Ranges in ``tokens``: (m, 2).
    """
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


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Group lines into blocks of one kind; a ``sentence`` block is a paragraph, a ``row`` block a table."""
    open_block: tuple[int, int, str] | None = None
    fence = ""  # what closes the open code block
    for start, end in _lines(text):
        line = text[start:end] if end - start <= MAX_UNIT else text[start : start + MAX_UNIT]
        mark = match.group(1) if (match := re.match(_FENCE, line)) else ""
        kind = "code" if fence or mark else _kind(line)
        if open_block and (fence or (not mark and _continues(text, open_block, start, kind))):
            open_block = (open_block[0], end, open_block[2])
        else:
            if open_block:
                yield open_block
            open_block = (start, end, kind) if kind != "blank" else None
        if fence and line.strip() and set(line.strip()) == set(fence) and len(line.strip()) >= len(fence):
            yield open_block if open_block else (start, end, kind)
            fence, open_block = "", None
        elif not fence:
            fence = mark
    if open_block:
        yield open_block


def _kind(line: str) -> str:
    if not line or line.isspace():
        return "blank"
    if re.search(_CELL, line.strip()) and len(line) < MAX_UNIT:
        return "row"
    if re.match(_ITEM, line):
        return "item"
    if re.match(_CODE, line):
        return "code"
    return "sentence"


def _continues(text: str, block: tuple[int, int, str], start: int, kind: str) -> bool:
    """Tell whether a line of ``kind`` that begins at ``start`` belongs to the open block."""
    block_start, block_end, block_kind = block
    if kind == "blank" or block_kind == "blank":
        return False
    if block_kind == "row":
        return kind == "row"
    last = text.rfind("\n", block_start, block_end) + 1
    line = text[max(last, block_start) : block_end]
    if block_kind == "code":
        return kind == "code" or text[start : start + 1] in (" ", "\t")
    wrapped = len(line) >= WRAPPED and not line.rstrip().endswith(_FINAL)
    if block_kind == "item":  # an indented line goes on with the item
        return kind == "sentence" and (wrapped or text[start : start + 1] in (" ", "\t"))
    return kind == "sentence" and wrapped and not re.match(_KEY, text[start : start + WRAPPED])


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


def _rows(text: str, start: int, end: int, index: int) -> list[Segment]:
    """Rows of a table; its header (one unit, the first rows) is the parent of all others."""
    lines = [(start + a, start + b) for a, b in _lines(text[start:end])]
    if len(lines) == 1:
        return [Segment(a, b, "row") for a, b in _bounded(text, *lines[0])]
    header = _header_rows([text[a:b] for a, b in lines])
    rows = [Segment(a, b, "row") for a, b in _bounded(text, lines[0][0], lines[header - 1][1])]
    parent = index if len(rows) == 1 else -1
    for a, b in lines[header:]:
        rows += [Segment(left, right, "row", parent) for left, right in _bounded(text, a, b)]
    return rows


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
