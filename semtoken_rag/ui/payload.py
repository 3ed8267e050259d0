"""A compressed context as JSON for the page, with positions in the document instead of the passage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from semtoken_rag.context import CompressedContext
from semtoken_rag.explain.outcome import sentences
from semtoken_rag.stages.segment import segment
from semtoken_rag.types import Chunk

SOURCES = 3  # citations of a sentence, at most
Place: TypeAlias = dict[str, int]  # document, start, end


def as_data(context: CompressedContext) -> dict[str, Any]:
    """Return the stats, the kept ranges, and every unit with its scores; no units if all passed unchanged.

    ``said`` is what the call came to, in words. ``curve`` has pairs of tokens and a chance, see
    `CompressedContext.curve`. ``bridged_from`` is the index of the unit that raised a unit by bridging, -1
    for none.
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
    return {
        "stats": context.stats.as_dict(),
        "said": sentences(context.stats),
        "curve": [[tokens, round(chance, 4)] for tokens, chance in context.curve],
        "kept": kept,
        "units": units,
    }


def cite_sentences(answer: str, context: CompressedContext) -> list[dict[str, Any]]:
    """Return the sentences of an answer, each with the kept ranges that support it, best first."""
    ends = [s.end for s in segment(answer)]
    ends[-1:] = [len(answer)]  # trailing blanks, or an answer without a unit
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
    """Return the position in the document of a range of a passage.

    Parameters
    ----------
    chunk
        The passage, as `semtoken_rag.ui.documents.chunks` makes it.
    start
        First character of the range in the passage.
    end
        Character behind the last one.

    Returns
    -------
    dict
        ``document`` (its index), ``start`` and ``end`` (characters).
    """
    first = chunk.metadata["start"]
    return {"document": chunk.metadata["document"], "start": first + start, "end": first + end}
