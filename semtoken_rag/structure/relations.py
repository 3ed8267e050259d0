"""Relations between the segments of a text that their notation does not show."""

from __future__ import annotations

from collections.abc import Sequence

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.draft import Draft
from semtoken_rag.structure.exceptions import bind_exceptions
from semtoken_rag.structure.groups import hang_groups
from semtoken_rag.structure.notes import bind_notes
from semtoken_rag.structure.questions import hang_answers
from semtoken_rag.structure.sheets import hang_fields


def relate(text: str, segments: Sequence[Segment]) -> list[Segment]:
    r"""Hang answers on their questions, fields on the name of their block, and limits on what they limit.

    Parameters
    ----------
    text
        Any text.
    segments
        Its segments, in source order.

    Returns
    -------
    list of Segment
        The same ranges, with their new kinds and parents.

    Examples
    --------
    >>> text = "What does it cost?\n\nTen euros."
    >>> [(s.kind, s.parent) for s in relate(text, [Segment(0, 18, "sentence"), Segment(20, 30, "sentence")])]
    [('lead', -1), ('sentence', 0)]
    """
    if len(segments) < 2:
        return list(segments)
    draft = Draft(text, segments)
    bind_notes(draft)
    hang_fields(draft)
    hang_groups(draft)
    hang_answers(draft)
    bind_exceptions(draft)
    return draft.finish()
