"""A compressed context as JSON for the page, with positions in the document instead of the passage."""

from __future__ import annotations

from typing import Any, TypeAlias

from semtoken_rag.context import CompressedContext
from semtoken_rag.explain.outcome import sentences
from semtoken_rag.types import Chunk

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
    """Return the sentences of an answer, each with the kept ranges that support it, and what none has."""
    kept = {k.id: k.chunk for k in context.chunks}
    return [
        {
            "text": sentence.text,
            "sources": [place(kept[name], start, end) for name, start, end in sentence.sources],
            "missing": list(sentence.missing),
        }
        for sentence in context.support(answer)
    ]


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
