"""Notes below a table or a text, and the rows and sentences that bear their marks."""

from __future__ import annotations

import re

from semtoken_rag.structure.draft import Draft
from semtoken_rag.text.governing import governing

_STAR = r"(?<=[^\W_]|[%)€$£.,\"”’])[ ]?\\?(\*{1,3}|†{1,2}|‡)(?=[\s|,;.:)<]|\Z)"  # 12 mg*
_DIGIT = (
    r"(?<=[^\W_]|[%)€$£.,])((?:[¹²³⁰⁴-⁹]{1,2})|\[\^?\w{1,12}\]|(?<=[^\W\d_])\d{1,2}\))"
    r"|(?<=[\w%€$£]) (\(?\d{1,2}\))(?=\s*\|)"  # 12 mg (1) |
)
_NOTE = (
    r"(?:[-•] )?\\?(\*{1,3}(?![*\w]*\*)|†{1,2}|‡|[¹²³⁰⁴-⁹]{1,2}|\[\^?\w{1,12}\]|\(?\d{1,2}\))"
    r"[:.]?\s?(?=[^\s*])"
)
_SOURCE = r"https?://|www\.|isbn|doi|\bpp?\. ?\d|\(\d{4}\)|\bet al\b|retrieved|abgerufen|consulté|ibid"
_TEXT = frozenset({"sentence", "item", "lead"})
_MARKED = frozenset({"sentence", "item", "lead", "row", "header"})


def bind_notes(draft: Draft) -> None:
    """Hang each note on what bears its mark, and as a ``limit`` of it if it is one of a star, or limits.

    Where several rows bear it, it hangs on what they all hang on.

    Parameters
    ----------
    draft
        The segments of a text, changed in place.
    """
    notes = _notes(draft)
    marked: dict[str, list[int]] = {}  # by mark, what bears it and has no note yet
    pattern = re.compile(f"{_STAR}|{_DIGIT}")
    for number in range(max(notes, default=-1) + 1):
        note = notes.get(number)
        bearing = marked.pop(note[1], None) if note else None
        if note and bearing:
            _bind(draft, number, bearing, draft.said(number)[note.end() :])
        elif draft.kinds[number] in _MARKED:
            for match in pattern.finditer(draft.said(number)):
                marks = marked.setdefault(match[1] or match[2] or match[3], [])
                if not marks or marks[-1] != number:
                    marks.append(number)


def _notes(draft: Draft) -> dict[int, re.Match[str]]:
    """Return the segments that may be notes, as they begin a line with a mark."""
    found = {}
    for number, kind in enumerate(draft.kinds):
        if draft.begins[number] and kind in _TEXT and (note := re.match(_NOTE, draft.said(number))):
            found[number] = note
    return found


def _bind(draft: Draft, number: int, bearing: list[int], said: str) -> None:
    target = bearing[0]
    common = draft.parents[target]
    if len(bearing) > 1 and common >= 0 and all(draft.parents[each] == common for each in bearing):
        target = common if draft.kinds[common] in ("header", "caption", "lead") else target
    lower = said.lower()
    starred = draft.said(number).lstrip("-•\\ ")[0] in "*†‡"
    row = draft.kinds[target] in ("row", "header", "caption", "lead")
    limits = governing().search(lower) is not None and re.search(_SOURCE, lower) is None
    if not (starred and row) and not limits:
        draft.parents[number] = target
    elif draft.limit(number, target):
        _bind_rest(draft, number)


def _bind_rest(draft: Draft, note: int) -> None:
    """Hang what goes on in the same line as a note on it."""
    for number in range(note + 1, len(draft.segments)):
        if draft.breaks[number] or draft.kinds[number] not in _TEXT:
            return
        draft.limit(number, note)
