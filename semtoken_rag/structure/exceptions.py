"""Sentences that limit the one before: neither is kept without the other."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from semtoken_rag._internal.lazy import lazy_property
from semtoken_rag.structure.draft import MOST, Draft
from semtoken_rag.text.limits import Limit, find_limit, plain_number

DEEPEST = 3  # limits one behind the other, each of the one before; what follows stands for itself
_SPOKEN = frozenset({"sentence", "item", "lead"})
_LIMITED = frozenset({"sentence", "item", "lead", "row", "limit"})
_LABEL = (
    r"[\s(\[*_#>-]{0,8}(?:(?:§|art(?:icle|ikel|ículo|icolo|igo)?|abs(?:atz)?|nr|n|sec(?:tion)?|clause|rule|paragraph|ziffer|punkt)"
    r"\.?\s?)?(\d{1,3}(?:\.\d{1,3}){0,3}|[a-z](?=\)))(?=[\s).:]|\Z)[.):]*|第\s?([\d一二三四五六七八九十]{1,3})\s?[条條款项項]"
)
_HEADING = (
    r"\W*(?:[\d.]{1,8}\s)?(?:exceptions?|exclusions?|ausnahmen?|ausschlüsse|excepciones|exclusiones|eccezioni|esclusioni|exceções"
    r"|exclusões|uitzonderingen|undantag|例外|除外|例外事項)\W*"
)


def bind_exceptions(draft: Draft) -> None:
    r"""Hang each exception on the sentence that it limits, as a ``limit`` of it.

    Parameters
    ----------
    draft
        The segments of a text, changed in place.

    Examples
    --------
    >>> from semtoken_rag.structure.base import Segment
    >>> text = "Members may swim. This does not apply on Mondays."
    >>> draft = Draft(text, [Segment(0, 17, "sentence"), Segment(18, 49, "sentence")])
    >>> bind_exceptions(draft)
    >>> draft.kinds, draft.parents
    (['sentence', 'limit'], [-1, 0])
    """
    depth: dict[int, int] = {}  # of each limit, how many it is behind one another
    numbered = _Numbered(draft)
    for number in range(1, len(draft.segments)):
        if not (found := _limit(draft, number)):
            continue
        target = numbered.find(found.number, number) if found.number else -1
        if target < 0:
            target = _beside(draft, number, found.strict)
        if target >= 0 and depth.get(target, 0) < DEEPEST:
            for each in _bind(draft, number, target):
                depth[each] = depth.get(target, 0) + 1


def _limit(draft: Draft, number: int) -> Limit | None:
    """Return how a segment limits one before it: a sentence, or a heading that calls itself an exception."""
    if draft.kinds[number] in _SPOKEN:
        return find_limit(draft.said(number))
    named = draft.kinds[number] == "heading" and re.fullmatch(_HEADING, draft.said(number)[:60].lower())
    return Limit(strict=True) if named else None


def _beside(draft: Draft, number: int, strict: bool) -> int:
    """Return what a limit that stands behind it limits: a sentence, or the lead-in of a list or table."""
    target = number - 1
    kind, own = draft.kinds[target], draft.kinds[number]
    listed = own != "item" and kind in ("item", "row") and draft.breaks[number]
    if kind not in _LIMITED or (draft.blanks[number] and not strict and not listed):
        return -1
    if own == "item" and kind == "lead":
        return -1  # the first of a list
    if listed:
        while target >= 0 and draft.kinds[target] in ("item", "row", "limit"):
            target = draft.parents[target]
        if target < 0 or draft.kinds[target] not in ("lead", "header", "caption"):
            target = number - 1
    return -1 if draft.said(target).rstrip("*_ \"'”’»)").endswith(("?", "？", "؟")) else target


def _bind(draft: Draft, number: int, target: int) -> Sequence[int]:
    """Make a segment and the items that it announces limits, but not of a label that is not its own.

    Returns those that are limits now: none if the segment announces more items than one may have.
    """
    own, lead = draft.parents[number], draft.kinds[number] in ("lead", "heading")
    if own not in (-1, target) and own not in draft.ancestors(target):
        label = draft.said(own)
        if draft.kinds[own] != "heading" or not re.fullmatch(f"(?:{_LABEL})\\W*", label[:40].lower()):
            return ()
    items = []
    for each in range(number + 1, len(draft.segments)) if lead else ():
        if draft.kinds[each] not in _SPOKEN or number not in draft.ancestors(each):
            break
        items += [each] if draft.parents[each] == number else []
    if len(items) > MOST or not draft.limit(number, target):
        return ()
    return [number, *(each for each in items if draft.limit(each, number))]


class _Numbered:
    """The paragraphs of a text by their numbers."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    @lazy_property
    def places(self) -> dict[str, list[int]]:
        """Segments that a paragraph of each number begins with: most texts are never asked for one."""
        draft = self.draft
        found: dict[str, list[int]] = {}
        for number in range(len(draft.segments)):
            kind = draft.kinds[number]
            if not draft.begins[number] or (kind not in _LIMITED and kind != "heading"):
                continue
            said = draft.said(number)[:40].lower()
            if match := re.match(_LABEL, said):
                alone = match.end() == len(said) and number + 1 < len(draft.segments)
                beside = alone and not draft.breaks[number + 1]  # "Section 1." was cut off as a sentence
                label = plain_number(match[1] or match[2])
                found.setdefault(label, []).append(number + beside)
        return found

    def find(self, label: str, before: int) -> int:
        """Return the last paragraph of that number before a segment, -1 if there is none."""
        places = self.places.get(label, [])
        found = bisect_left(places, before)
        return places[found - 1] if found else -1
