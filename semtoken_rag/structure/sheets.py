"""Sheets: blocks of keys and values, each of a thing that its first line names."""

from __future__ import annotations

import re

from semtoken_rag.structure.draft import Draft

LEAST = 2  # blocks of the same keys that make a sheet
_FIELD = r"[\s*_]{0,4}([^\W\d_][^:：=\n.!?]{0,30}?)[*_]{0,2}\s?[:：=][*_]{0,2}\s*(?=[^\s/])"
_TEXT = frozenset({"sentence", "line", "entry"})


def hang_fields(draft: Draft) -> None:
    """Hang the later lines of each block of keys and values on its first, where blocks have the same keys.

    Parameters
    ----------
    draft
        The segments of a text, changed in place.
    """
    if sum(draft.begins) < 2 * LEAST:  # each of the blocks has two lines with a key at least
        return
    for run in _runs(draft):
        _hang(draft, run)


def _runs(draft: Draft) -> list[list[tuple[int, str]]]:
    """Find the runs of segments whose lines all begin with a key; a segment inside a line has none."""
    runs: list[list[tuple[int, str]]] = [[]]
    for number, kind in enumerate(draft.kinds):
        parent = draft.parents[number]
        if runs[-1] and parent != draft.parents[runs[-1][0][0]]:
            runs.append([])
        key = ""
        if draft.begins[number]:
            start = draft.segments[number].start
            match = re.match(_FIELD, draft.text[start : start + 60])
            key = match[1].strip().lower() if match else ""
        inside = not draft.breaks[number] and runs[-1]
        if kind in _TEXT and (key or inside):
            runs[-1].append((number, key))
        elif runs[-1]:
            runs.append([])
    return runs


def _hang(draft: Draft, run: list[tuple[int, str]]) -> None:
    """Cut a run into blocks at blank lines and where the key of the first line returns."""
    blocks: list[list[tuple[int, str]]] = []
    first = ""
    for number, key in run:
        if not blocks or (draft.blanks[number] and key) or (key and key == first):
            blocks.append([])
            first = first if key == first else key
        blocks[-1].append((number, key))
    groups: dict[str, list[set[str]]] = {}
    for block in blocks:
        groups.setdefault(block[0][1], []).append({key for _, key in block[1:] if key})
    for block in blocks:
        keys = groups[block[0][1]]
        own = {key for _, key in block[1:] if key}
        same = sum(bool(own & each) for each in keys[:64])
        if len(block) > 1 and same >= LEAST:
            for number, _ in block[1:]:
                draft.parents[number] = block[0][0]
