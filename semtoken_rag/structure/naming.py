"""Names: which kind a head has by what hangs on it."""

from __future__ import annotations

from collections.abc import Container, Sequence

from semtoken_rag.structure.base import Segment

PLAIN = {
    "heading": "sentence", "lead": "sentence", "caption": "sentence", "header": "row", "key": "entry",
    "speaker": "sentence", "signature": "code", "stamp": "line",
}  # fmt: skip


def name_heads(segments: Sequence[Segment], leads: Container[int] = ()) -> list[Segment]:
    """Give each segment the kind that it has by what hangs on it.

    Parameters
    ----------
    segments
        Those of a text.
    leads
        Which of them announce what stands below them.

    Returns
    -------
    list of Segment
        A head that nothing hangs on has an ordinary kind.
    """
    parents = {segment.parent for segment in segments}
    named = []
    for number, s in enumerate(segments):
        kind = s.kind
        if number not in parents:
            kind = PLAIN.get(kind, kind)
        elif number in leads and kind != "caption":
            kind = "lead"
        named.append(s if kind == s.kind else Segment(s.start, s.end, kind, s.parent))
    return named
