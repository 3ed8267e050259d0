"""Documents by relevance, with what is kept of each."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from semtoken_rag.budget import Budget
from semtoken_rag.context import CompressedContext
from semtoken_rag.result import UnitReport
from semtoken_rag.serve.schema import Document, Reranking, Result
from semtoken_rag.types import HEADS, Chunk

Compress: TypeAlias = Callable[[Sequence[Chunk], Budget], Awaitable[CompressedContext]]

ALMOST_ALL = Budget(ratio=math.nextafter(1.0, 0.0))  # nothing fits whole, so that its units are judged


async def rerank(asked: Reranking, budget: Budget, compress: Compress) -> list[Result]:
    """Order documents.

    Parameters
    ----------
    asked
        The request.
    budget
        Of the pruned texts together.
    compress
        Compresses chunks for its question.

    Returns
    -------
    list of Result
        The most relevant first; of equals the first given.
    """
    chunks = [Chunk(text) for text in asked.texts]
    context = await compress(chunks, budget)
    judged = context if context.units or not chunks else await compress(chunks, ALMOST_ALL)
    scores = _scores(judged.units, len(chunks))
    kept = {chunk.index: chunk.text for chunk in context.chunks}
    order = sorted(range(len(chunks)), key=lambda i: -scores[i])[: asked.top_n]
    return [
        Result(
            index=i,
            relevance_score=scores[i],
            pruned_text=kept.get(i, ""),
            document=Document(text=chunks[i].text) if asked.return_documents else None,
        )
        for i in order
    ]


def _scores(units: Sequence[UnitReport], number: int) -> list[float]:
    """Return the score of each document: that of its best unit which says something by itself."""
    scores = [0.0] * number
    score = _chance if any(unit.probability is not None for unit in units) else _squashed
    for unit in units:
        scores[unit.chunk] = max(scores[unit.chunk], score(unit))
    return scores


def _chance(unit: UnitReport) -> float:
    return unit.probability or 0.0


def _squashed(unit: UnitReport) -> float:
    """Return the value of a unit between 0 and 1, in the same order."""
    return 0.0 if unit.kind in HEADS else 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, unit.value))))
