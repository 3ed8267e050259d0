"""Groups: blocks of short lines with numbers or keys, each of what its first line names."""

from __future__ import annotations

import re

from semtoken_rag.structure.draft import Draft

LONGEST = 70  # characters of a line
LEAST = 2  # blocks of such lines that a text has
WORDS = 5  # of the name of a block that stands alone
LINES = 2  # lines that these have more than; others of the same text, that many

_SENTENCE = r"[.!?;,。！？；，、…][\"'”’»)\]]*\Z"
_KEY = r"[^:：]{1,40}(?:(?<!\d)[:：]|[:：](?!\d\d))(?=\s*\S)"  # but no time
_ENDS_IN_VALUE = r"[\d%€$£¥]\Z"
_TEXT = frozenset({"sentence", "line"})


def hang_groups(draft: Draft) -> None:
    r"""Hang the lines of each block on its first, where most have numbers or keys and the first is a name.

    Parameters
    ----------
    draft
        The segments of a text, changed in place.

    Examples
    --------
    >>> from semtoken_rag.structure.base import Segment
    >>> text = "Old quay\nMon 9-12\nSat 8-10\n\nNew quay\nMon 7-11\nSat 6-10"
    >>> places = [(0, 8), (9, 17), (18, 26), (28, 36), (37, 45), (46, 54)]
    >>> draft = Draft(text, [Segment(a, b, "sentence") for a, b in places])
    >>> hang_groups(draft)
    >>> draft.parents
    [-1, 0, 0, -1, 3, 3]
    """
    blocks = [block for block in _blocks(draft) if _is_group(draft, block)]
    if sum(len(block) > LINES for block in blocks) < LEAST:
        blocks = [block for block in blocks if _is_sheet(draft, block)]
    for first, *rest in blocks:
        if _is_name(draft.said(first)):
            draft.kinds[first] = "heading"
            for number in rest:
                draft.parents[number] = first


def _blocks(draft: Draft) -> list[list[int]]:
    """Find the segments between blank lines that are a line each and hang on the same."""
    blocks: list[list[int]] = []
    for number, kind in enumerate(draft.kinds):
        if number == 0 or draft.blanks[number]:
            blocks.append([])
        line = kind in _TEXT and draft.begins[number] and draft.breaks[number + 1]
        beside = not blocks[-1] or draft.parents[number] == draft.parents[blocks[-1][0]]
        if line and beside:
            blocks[-1].append(number)
        else:
            blocks.append([])
    return blocks


def _is_group(draft: Draft, block: list[int]) -> bool:
    """Return whether the lines of a block are short, and most below the first have numbers or keys."""
    lines = [draft.said(number) for number in block]
    if len(lines) < LINES or any(len(s) > LONGEST or re.search(_SENTENCE, s) for s in lines):
        return False
    return 2 * sum(re.search(rf"\d|\A{_KEY}", line) is not None for line in lines[1:]) > len(lines) - 1


def _is_sheet(draft: Draft, block: list[int]) -> bool:
    """Return whether a block is a few words above keys alone, which needs no other of its kind."""
    first, *rest = (draft.said(number) for number in block)
    named = len(first.split()) <= WORDS and not re.match(_KEY, first)
    return named and len(rest) > LINES and all(re.match(_KEY, line) for line in rest)


def _is_name(line: str) -> bool:
    if (key := re.match(_KEY, line)) and re.search(r"\d", key.group()):
        return True  # Bug #12: No sound
    return not re.match(_KEY, line) and not re.search(_ENDS_IN_VALUE, line)
