"""The data of an explanation, which the page and the terminal both show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from semtoken_rag.explain.reasons import Reason, Reasons
from semtoken_rag.result import CHANCE, CompressedChunk, ContextView, Stats, UnitReport
from semtoken_rag.types import Granularity

SHADES = 10  # steps of the scale of scores


@dataclass(frozen=True, slots=True)
class UnitView:
    """One unit as it is shown.

    Attributes
    ----------
    number
        Number of the unit in the call.
    start, end
        Character range in the document.
    granularity
        Whether the unit was kept, kept in part, or dropped.
    part
        Character range that is passed on; empty if the unit is dropped.
    shade
        Score on a scale of `SHADES` steps from the lowest to the highest of the call, 0 = lowest.
    scores
        Scores by name, higher = keep, without the probability; empty if nothing had to be decided.
    probability
        See `semtoken_rag.UnitReport`.
    cost, value, parent, bridged_from
        See `semtoken_rag.UnitReport`.
    part_cost
        Tokens of the part, estimated by its length if it is not the whole unit.
    group
        Number shared by units with the same text, of which one is kept; -1 for a unit without duplicates.
    reason
        Why it was decided so; None if nothing had to be decided.
    """

    number: int
    start: int
    end: int
    granularity: Granularity
    part: tuple[int, int]
    shade: int
    scores: Mapping[str, float]
    probability: float | None
    cost: int
    part_cost: int
    value: float
    parent: int
    bridged_from: int
    group: int
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One document as it is shown.

    Attributes
    ----------
    number
        Number of the document in the call, from 1.
    name
        Its title, or else its id.
    text
        The whole text.
    units
        Its units, in order.
    tokens_before, tokens_after
        The reader's tokens of the text and of what is kept.
    """

    number: int
    name: str
    text: str
    units: tuple[UnitView, ...]
    tokens_before: int
    tokens_after: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The data of a call.

    Attributes
    ----------
    query
        The question; empty if there was none.
    documents
        All documents, in the order of the call.
    stats
        Tokens, seconds and failures.
    """

    query: str
    documents: tuple[DocumentView, ...]
    stats: Stats

    @property
    def units(self) -> Iterator[UnitView]:
        """All units in the order of their numbers."""
        return (unit for document in self.documents for unit in document.units)


def explain(context: ContextView) -> Explanation:
    """Return what a call kept and why."""
    kept = {chunk.index: chunk for chunk in context.chunks}
    by_document: dict[int, list[UnitView]] = {index: [] for index in range(len(context.source))}
    for unit, view in zip(context.units, _views(context, kept), strict=True):
        by_document[unit.chunk].append(view)
    documents = []
    for index, views in by_document.items():
        chunk, left = context.source[index], kept.get(index)
        if left and not context.units:  # all passed unchanged
            views = [_whole(index, len(chunk.text), left.tokens_before)]
        before = left.tokens_before if left else sum(view.cost for view in views)
        name = chunk.title or chunk.id or f"Document {index + 1}"
        after = left.tokens_after if left else 0
        documents.append(DocumentView(index + 1, name, chunk.text, tuple(views), before, after))
    return Explanation(context.query, tuple(documents), context.stats)


def _views(context: ContextView, kept: Mapping[int, CompressedChunk]) -> Iterator[UnitView]:
    if not context.units:
        return
    reasons = Reasons(context)
    shades = _shades(context.units)
    for number, unit in enumerate(context.units):
        part = _part(unit, kept)
        yield UnitView(
            number,
            unit.start,
            unit.end,
            unit.granularity,
            part,
            shades[number],
            {name: value for name, value in unit.scores.items() if name != CHANCE},
            unit.probability,
            unit.cost,
            ceil(unit.cost * (part[1] - part[0]) / (unit.end - unit.start)),
            unit.value,
            unit.parent,
            unit.bridged_from,
            reasons.group[number],
            reasons.of(number),
        )


def _part(unit: UnitReport, kept: Mapping[int, CompressedChunk]) -> tuple[int, int]:
    if unit.granularity == Granularity.DROPPED:
        return unit.start, unit.start
    if unit.granularity == Granularity.FINE:
        return unit.start, unit.end
    return next(
        (p.start, p.end) for p in kept[unit.chunk].pieces if unit.start <= p.start and p.end <= unit.end
    )


def _shades(units: Sequence[UnitReport]) -> list[int]:
    score = np.array([unit.scores["score"] for unit in units])
    share = (score - score.min()) / max(float(np.ptp(score)), 1e-9)
    shades: list[int] = np.minimum(share * SHADES, SHADES - 1).astype(int).tolist()
    return shades


def _whole(number: int, length: int, cost: int) -> UnitView:
    whole, shade = (0, length), SHADES - 1
    return UnitView(
        number, *whole, Granularity.FINE, whole, shade, {}, None, cost, cost, 0.0, -1, -1, -1, None
    )
