"""A compressed context as the page shows it: every position is one in the document, not in the passage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from semtoken_rag.context import CompressedContext
from semtoken_rag.stages.segment import segment
from semtoken_rag.types import Chunk

SOURCES = 3  # citations of one sentence at most
Place: TypeAlias = dict[str, int]  # document, start, end


def as_data(context: CompressedContext) -> dict[str, Any]:
    """Figures, what is kept, and every unit with its scores; no units where all passed unchanged.

    ``bridged_from`` is the number of the unit that a unit owes its bridge to, -1 for none.
    """
    kept = [
        {**place(k.chunk, p.start, p.end), "granularity": p.granularity.name.lower()}
        for k in context.chunks
        for p in k.pieces
    ]
    units = [
        {
            **place(context.source[u.chunk], u.start, u.end),
            "kind": u.kind,
            "granularity": u.granularity.name.lower(),
            "scores": {name: round(value, 4) for name, value in u.scores.items()},
            "bridged_from": u.bridged_from,
        }
        for u in context.units
    ]
    return {"stats": context.stats.as_dict(), "kept": kept, "units": units}


def cited(answer: str, context: CompressedContext) -> list[dict[str, Any]]:
    """Sentences of an answer, each with the kept slices it rests on, best first; none where there is none."""
    ends = [s.end for s in segment(answer)]
    ends[-1:] = [len(answer)]  # blanks at the end, or an answer without a unit
    return [
        {"text": answer[start:end], "sources": list(_sources(answer[start:end], context))}
        for start, end in zip([0, *ends], ends, strict=False)
    ]


def _sources(sentence: str, context: CompressedContext) -> Iterator[Place]:
    kept = {k.id: k for k in context.chunks}

    def score(found: tuple[str, int, int]) -> float:
        name, start, end = found
        return max(p.score for p in kept[name].pieces if p.start <= start and end <= p.end)

    for name, start, end in sorted(context.cite(sentence), key=score, reverse=True)[:SOURCES]:
        yield place(kept[name].chunk, start, end)


def place(chunk: Chunk, start: int, end: int) -> Place:
    """Where a slice of a passage stands in its document."""
    first = chunk.metadata["start"]
    return {"document": chunk.metadata["document"], "start": first + start, "end": first + end}
