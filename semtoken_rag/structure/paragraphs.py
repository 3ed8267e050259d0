"""Paragraphs: the lines of a narrow column, or of wrapped text, that go on in the next line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from semtoken_rag.structure.language import STOP_WORDS, stop_words
from semtoken_rag.structure.markers import SIGNS
from semtoken_rag.structure.unfinished import begins_small, goes_on, wants_more

WRAPPED = 50  # a line of at least this many characters without a final mark goes on in the next
NARROW = 12  # characters that the lines of a column have at least; of CJK, 8
LEAST_LINES = 3  # of a column
SLACK = 6  # part of the width that a line may fall short of it, by letters that are narrow

# Strings: re compiles them at their first use and not at import.
_HYPHEN = r"[^\W\d_]{2,}[-\u00ad\u2010]\s*\Z"  # the first half of a word
_FINAL = r"[.!?:;。！？；：।؟۔។။…][\"'”’»)\]]*(?:\[\d+\]|[¹²³⁰⁴-⁹])*\s*\Z"
_OTHER = (  # lines that are something else than prose
    rf"\s*(?:[-*+•‣◦·–—>#|{SIGNS}]|"
    r"\d{1,3}[.)]\s|[a-zA-Z][.)]\s|\(?[a-zA-Z\d]{1,3}\)\s|`{3}|~{3}|</?\w"
    r"|\[?\d{1,4}[-/.:]\d{1,2}[-/.:]\d|(?:def|class|import|return|if|for|while)\b.*[:;{(]\s*\Z)"
    r"|.*[|\t{}]|(?!\d[\d.]{0,8} {3,}).*\S {3,}\S|\d[\d.]{0,8} {3,}.*\S {3,}\S"
)
_KEY = r"\s*[^\s:]{1,24}(?: [^\s:]{1,24}){0,3}: "
_NEITHER = rf"{_OTHER}|{_KEY}"
_UNFINISHED = _HYPHEN + r"|[,;，、；]\Z"
_INSIDE = r"[.,;:!?][\"'”’»)]*\s+\S|[、，。]\S"
_EAST = "[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3]"


def join_lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    r"""Group lines into paragraphs: lines that were broken for want of width, and halves of words.

    Lists, verse, addresses, short lines of keys, tables, headings, code and logs stay line by line.

    Parameters
    ----------
    text
        Any text.
    start
        Where its lines begin, in characters.
    end
        Where they end, exclusive.

    Returns
    -------
    list of (int, int)
        Character ranges in source order, disjoint, without surrounding blanks; together they hold every
        character of the range but blanks.

    Examples
    --------
    >>> text = "The dam was rais-\ned in 1962, and it\nholds the river\nback.\n\nContents\nIndex"
    >>> [text[a:b] for a, b in join_lines(text, 0, len(text))]
    ['The dam was rais-\ned in 1962, and it\nholds the river\nback.', 'Contents', 'Index']
    """
    joined: list[tuple[int, int]] = []
    for block in _blocks(text, start, end):
        lines = [text[a:b] for a, b in block]
        width, verse = _column(lines), _is_verse(lines)
        for i, (a, b) in enumerate(block):
            if i and _goes_on(lines[i - 1], lines[i], width, verse):
                joined[-1] = (joined[-1][0], b)
            else:
                joined.append((a, b))
    return joined


def _blocks(text: str, start: int, end: int) -> Iterator[list[tuple[int, int]]]:
    """Lines between blank ones, each without surrounding blanks."""
    block: list[tuple[int, int]] = []
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        line = text[start:stop]
        stripped = line.strip()
        if stripped:
            left = start + len(line) - len(line.lstrip())
            block.append((left, left + len(stripped)))
        elif block:
            yield block
            block = []
        start = stop + 1
    if block:
        yield block


def _goes_on(line: str, following: str, width: int, verse: bool) -> bool:
    """Return whether a line goes on in the next one; ``width`` is that of the column, 0 if there is none."""
    head, tail = following[: 2 * WRAPPED], line[-2 * WRAPPED :]
    if re.search(_HYPHEN, tail) and head[:1].islower():
        return True
    if re.match(r"\d{1,3}\. ", head) and wants_more(tail):
        return True  # the day of a date
    if re.match(_NEITHER, head) or re.match(_OTHER, line[: 2 * WRAPPED]):
        return False
    final = re.search(_FINAL, tail) is not None
    if not final and (len(line) >= WRAPPED or (not verse and goes_on(tail, head))):
        return True
    if re.match(_KEY, line[: 2 * WRAPPED]):
        return False
    word = head.split(None, 1)[0]
    room = 1 if re.match(_EAST, word) else len(word) + 1
    return width > 0 and len(line) + room > (width if final else width - width // SLACK)


def _is_verse(lines: Sequence[str]) -> bool:
    """Return whether lines that all begin with capitals mostly end without a full stop: verse, an address."""
    if len(lines) < LEAST_LINES:
        return False
    small = sum(begins_small(line) for line in lines)
    ended = sum(re.search(_FINAL, line[-8:]) is not None for line in lines)
    return 5 * small <= len(lines) and 5 * ended <= 2 * len(lines)


def _column(lines: Sequence[str]) -> int:
    """Width of the column that the lines stand in; 0 where they are none."""
    if len(lines) < LEAST_LINES:
        return 0
    prose = [line for line in lines if not re.match(_NEITHER, line[: 2 * WRAPPED])]
    if len(prose) < LEAST_LINES or len(prose) < 0.8 * len(lines):
        return 0
    width = max(map(len, prose[:-1]))
    east = sum(re.match(_EAST, line) is not None for line in prose)
    if width < (NARROW if 2 * east < len(prose) else 8):
        return 0
    full = sum(
        len(a) + min(len(b.split(None, 1)[0]), width // 2) + 1 > width - width // SLACK
        for a, b in pairwise(prose)
    )
    small = sum(line[:1].islower() or (re.match(_EAST, line) is not None) for line in prose[1:])
    if full < 0.7 * (len(prose) - 1) or small < 0.4 * (len(prose) - 1) or not _is_prose(prose):
        return 0
    return width


def _is_prose(lines: Sequence[str]) -> bool:
    """Return whether some line has a mark inside, breaks a word, or ends with a word that needs another."""
    if any(re.search(_INSIDE, line) or re.search(_UNFINISHED, line[-40:]) for line in lines[:-1]):
        return True
    last = {line.rsplit(None, 1)[-1] for line in lines[:-1]}
    return any(word in stop_words(language) for word in last for language in STOP_WORDS)
