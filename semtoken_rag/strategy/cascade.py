"""Cascade: cheap fingerprints prune, dear ones re-score what is left."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from semtoken_rag.encoders.base import Encoder, encode_call
from semtoken_rag.stages.segment import token_ranges
from semtoken_rag.strategy.base import Problem, Strategy
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.strategy.subset import close_upwards, expand_selection, take_units
from semtoken_rag.types import Encoding, Granularity, IntArray, Selection, Tokens


@dataclass(frozen=True, slots=True)
class CascadeStrategy:
    """Keep the best units by the call's own encoder, encode those alone with another, and decide among them.

    The rows of tables are always encoded: the first pass cannot tell which names and figures matter.

    Parameters
    ----------
    encoder
        Sees only what the first pass keeps, and the rows of tables.
    keep
        Share of the tokens that the first pass keeps, at least twice the budget; rows come on top.
    first, second
        Decide in the first and in the second pass.
    """

    encoder: Encoder
    keep: float = 0.4
    first: Strategy = field(default_factory=SemTokenStrategy)
    second: Strategy = field(default_factory=SemTokenStrategy)

    def __call__(self, problem: Problem) -> Selection:
        """Decide; see `Strategy`."""
        room = max(2 * problem.budget, int(self.keep * problem.cost.sum()))
        if problem.query is None or room >= problem.cost.sum():
            room = int(problem.cost.sum())
        pruned = self.first(replace(problem, budget=room, min_chunk_tokens=0, max_chunk_tokens=None))
        row = np.array([kind == "row" for kind in problem.units.kinds], bool)
        left = close_upwards(problem.units, row | (pruned.granularity == Granularity.FINE))
        if not len(left):
            return self.first(problem)
        decided = self.second(self._narrowed(problem, left))
        others = {name: np.zeros(len(problem.units), np.float32) for name in decided.scores}
        others.update(pruned.scores)
        score = pruned.scores["score"]  # pruned units score below the others
        others["score"] = score - score.max() + decided.scores["score"].min(initial=0.0)
        return expand_selection(decided, left, problem.units, others)

    def _narrowed(self, problem: Problem, left: IntArray) -> Problem:
        """Pose the problem of the units that are left, with the other encoder's fingerprints."""
        texts = [""] * len(problem.chunks)
        starts: list[list[int]] = [[] for _ in texts]  # of each unit that is left, in the text of its chunk
        for unit in left.tolist():
            chunk = int(problem.units.chunk[unit])
            starts[chunk].append(len(texts[chunk]))
            texts[chunk] += problem.text(unit) + " "
        titles = [c.context if text else "" for c, text in zip(problem.chunks, texts, strict=True)]
        question = problem.query.text if problem.query else ""
        encodings, query = encode_call(self.encoder, texts, titles, question)
        first = problem.units.chars[left, 0]
        shifts = np.split(first, np.cumsum([len(s) for s in starts])[:-1])
        tokens = Tokens.concatenate(
            [
                _shifted(e, np.array(s, np.int64), to)
                for e, s, to in zip(encodings, starts, shifts, strict=True)
            ]
        )
        units = take_units(problem.units, left)
        return replace(
            problem,
            tokens=tokens,
            units=replace(units, tokens=token_ranges(problem.chunks, tokens, units.chars, units.chunk)),
            query=query,
            cost=problem.cost[left],
            encoder=self.encoder.name,
        )


def _shifted(encoding: Encoding, starts: IntArray, to: IntArray) -> Encoding:
    """Move offsets from the shortened text, whose units begin at ``starts``, to the chunk's own text."""
    if not len(encoding.ids):
        return encoding
    unit = np.searchsorted(starts, encoding.offsets[:, 0], side="right") - 1
    return replace(encoding, offsets=encoding.offsets + (to - starts)[unit][:, None])
