"""The training loss: a listwise softmax over all units of a question's chunks, scored by late interaction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from semtoken_rag.stages.relevance import SCALE
from semtoken_rag.stages.terms import Terms
from semtoken_rag.types import FloatArray, IntArray, Tokens, Units


@dataclass(frozen=True, slots=True)
class Target:
    """The part of a question that does not depend on the vectors.

    Attributes
    ----------
    inside, unit : (n',) int
        Indices of the tokens that lie in a unit, and the unit of each.
    chunk : (m,) int
        Chunk of each unit.
    title_chunk : (t,) int
        Chunk of each title token.
    weight : (q,) float32
        IDF of each token of the question, summing to 1.
    wanted : (m,) bool
        Which units answer the question.
    cost : (m,) int
        Tokens of each unit.
    """

    inside: IntArray
    unit: IntArray
    chunk: IntArray
    title_chunk: IntArray
    weight: FloatArray
    wanted: np.ndarray
    cost: IntArray

    @classmethod
    def of(cls, query_ids: IntArray, tokens: Tokens, units: Units, wanted: np.ndarray) -> Target:
        """Prepare a question.

        Parameters
        ----------
        query_ids
            Token ids of the question: (q,).
        tokens
            Tokens of its chunks.
        units
            Units of its chunks, m of them.
        wanted
            Which units answer it: (m,) bool.

        Returns
        -------
        Target
            Groups, weights and costs.
        """
        terms = Terms.of(tokens, units, query_ids)
        return cls(
            inside=terms.inside,
            unit=terms.unit,
            chunk=units.chunk,
            title_chunk=tokens.title_chunk,
            weight=terms.query_weight(),
            wanted=wanted,
            cost=units.tokens[:, 1] - units.tokens[:, 0],
        )


def scores(query: torch.Tensor, tokens: torch.Tensor, titles: torch.Tensor, target: Target) -> torch.Tensor:
    """Score units by late interaction with the question, as `semtoken_rag.stages.relevance` does in numpy.

    Parameters
    ----------
    query
        Vectors of the question: (q, d).
    tokens
        Vectors of the tokens of all chunks: (n, d).
    titles
        Vectors of the tokens of all titles: (t, d).
    target
        See `Target`.

    Returns
    -------
    torch.Tensor
        (m,) mean of the late interaction with and without the title, higher = keep.
    """
    m, chunks = len(target.chunk), int(target.chunk.max(initial=0)) + 1

    def best(values: torch.Tensor, group: IntArray, groups: int) -> torch.Tensor:
        index = torch.from_numpy(group).to(values.device).expand(len(values), -1)
        out = values.new_full((len(values), groups), -1.0)
        return out.scatter_reduce(1, index, values, "amax")

    own = best((query @ tokens.T)[:, target.inside], target.unit, m)  # (q, m)
    size = max(chunks, int(target.title_chunk.max(initial=0)) + 1)
    title = best(query @ titles.T, target.title_chunk, size)[:, target.chunk]  # (q, m)
    weight = torch.from_numpy(target.weight).to(query)
    mixed: torch.Tensor = weight @ (torch.maximum(own, title) + own) / 2
    return mixed


def listwise(score: torch.Tensor, wanted: np.ndarray) -> torch.Tensor:
    """Return the listwise loss, lower = better.

    Parameters
    ----------
    score
        Score of each unit: (m,), higher = keep.
    wanted
        Which units answer the question: (m,) bool, with both values in it.

    Returns
    -------
    torch.Tensor
        () mean over the wanted units of -log of their softmax share against all unwanted units.
    """
    mask = torch.from_numpy(wanted).to(score.device)
    logits = SCALE * score
    others = torch.logsumexp(logits[~mask], 0)
    loss: torch.Tensor = torch.nn.functional.softplus(others - logits[mask]).mean()
    return loss


def recall(score: FloatArray, wanted: np.ndarray, cost: IntArray, ratio: float) -> float:
    """Return the recall of the wanted units under a budget.

    Parameters
    ----------
    score
        Score of each unit: (m,), higher = keep.
    wanted
        Which units answer the question: (m,) bool, at least one.
    cost
        Tokens of each unit: (m,).
    ratio
        Budget, as a share of the tokens of all units.

    Returns
    -------
    float
        Share of the wanted units among the best units that fit the budget, in [0, 1].
    """
    order = np.argsort(-score, kind="stable")
    kept = order[np.cumsum(cost[order]) <= ratio * cost.sum()]
    return float(wanted[kept].sum() / wanted.sum())
