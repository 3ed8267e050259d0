"""Echoes: a chunk gains nothing by saying the question over and over, nor by having it as its title."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from semtoken_rag.arrays import members
from semtoken_rag.strategy.base import Problem, Strategy, gives_chances
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.strategy.subset import close_upwards, expand_selection, take_units
from semtoken_rag.types import BoolArray, IntArray, Selection, Tokens

LEAST = 6  # tokens of a question that can be told from a text about the same thing


@dataclass(frozen=True, slots=True)
class GuardedStrategy:
    """Decide as ``inner`` does on a call in which every chunk says the question at most once.

    Of the units of a chunk that say it, the longest alone can be kept, as it may have the answer beside it; a
    title that says it counts as none. What a chunk can take with other sentences is bounded by
    `Config.max_chunk_share`.

    Parameters
    ----------
    inner
        Decides.
    echo
        A text says the question if it has at least this share of the question's different tokens.
    """

    inner: Strategy = field(default_factory=SemTokenStrategy)
    echo: float = 0.9

    @property
    def gives_chances(self) -> bool:
        """Whether ``inner`` does, see `semtoken_rag.strategy.base.gives_chances`."""
        return gives_chances(self.inner)

    def __call__(self, problem: Problem) -> Selection:
        """Decide; see `Strategy`."""
        if problem.query is None or len(asked := np.unique(problem.query.encoding.ids)) < LEAST:
            return self.inner(problem)
        tokens, units, least = problem.tokens, problem.units, self.echo * len(asked)
        length = units.tokens[:, 1] - units.tokens[:, 0]
        inside, unit = members(units.tokens)
        said = _covered(unit, tokens.ids[inside], asked, len(units)) >= least
        titled = _covered(tokens.title_chunk, tokens.title_ids, asked, len(problem.chunks)) >= least
        if titled.any():
            problem = replace(problem, tokens=_without_titles(tokens, titled))
        spare = said & ~_longest(np.where(said, length, -1), units.chunk)
        if not spare.any():
            return self.inner(problem)
        left = close_upwards(units, ~spare & ~units.is_left)
        narrow = take_units(units, left)
        decided = self.inner(replace(problem, units=narrow, cost=problem.cost[left]))
        if decided.units is not None and not np.array_equal(decided.units.chars, narrow.chars):
            return decided  # units of its own
        lowest = {n: np.full(len(units), v.min(initial=0.0), np.float32) for n, v in decided.scores.items()}
        return expand_selection(decided, left, units, lowest)


def _covered(group: IntArray, ids: IntArray, asked: IntArray, groups: int) -> IntArray:
    """How many of the ids ``asked``, sorted, occur in each group: (groups,)."""
    place = np.searchsorted(asked, ids) % len(asked)
    hit = asked[place] == ids
    pairs = np.unique(group[hit] * len(asked) + place[hit])
    found: IntArray = np.bincount(pairs // len(asked), minlength=groups)
    return found


def _longest(length: IntArray, chunk: IntArray) -> BoolArray:
    """Tell which unit is the first longest of its chunk: (m,), sorted chunk (m,), to (m,)."""
    order = np.lexsort((np.arange(len(chunk)), -length, chunk))
    out = np.zeros(len(chunk), bool)
    out[order[np.r_[True, chunk[1:] != chunk[:-1]][: len(chunk)]]] = True
    return out


def _without_titles(tokens: Tokens, gone: BoolArray) -> Tokens:
    keep = ~gone[tokens.title_chunk]
    return replace(
        tokens,
        title_ids=tokens.title_ids[keep],
        title_vectors=tokens.title_vectors[keep],
        title_chunk=tokens.title_chunk[keep],
    )
