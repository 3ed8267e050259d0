"""Cascade: cheap fingerprints prune, dear ones re-score what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from semtoken_rag.encoders.base import Encoder, encode_call
from semtoken_rag.segment import token_ranges
from semtoken_rag.strategy import Problem, SemTokenStrategy, Strategy
from semtoken_rag.types import Chunk, Encoding, Granularity, IntArray, Selection, Tokens, Units


@dataclass(frozen=True, slots=True)
class CascadeStrategy:
    """Keep the best units by the call's own encoder, encode those alone with another, and decide among them.

    Parameters
    ----------
    encoder
        Sees only what the first pass keeps.
    keep
        Share of the tokens that the first pass keeps, at least twice the budget.
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
        pruned = self.first(replace(problem, budget=room, floor=0, ceiling=None))
        left = np.flatnonzero(pruned.granularity == Granularity.FINE)
        if not len(left):
            return self.first(problem)
        return _widened(self.second(self._narrowed(problem, left)), left, pruned, problem.units)

    def _narrowed(self, problem: Problem, left: IntArray) -> Problem:
        """Pose the problem of the units that are left, with the other encoder's fingerprints."""
        texts = [""] * len(problem.chunks)
        starts: list[list[int]] = [[] for _ in texts]  # of each unit that is left, in the text of its chunk
        for unit in left.tolist():
            chunk = int(problem.units.chunk[unit])
            starts[chunk].append(len(texts[chunk]))
            texts[chunk] += problem.text(unit) + " "
        titles = [c.title if text else "" for c, text in zip(problem.chunks, texts, strict=True)]
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
        return replace(
            problem,
            tokens=tokens,
            units=_subset(problem.units, left, problem.chunks, tokens),
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


def _subset(units: Units, left: IntArray, chunks: Sequence[Chunk], tokens: Tokens) -> Units:
    place = np.full(len(units) + 1, -1, np.int64)  # the last stands for "no parent"
    place[left] = np.arange(len(left))
    chars, chunk = units.chars[left], units.chunk[left]
    return Units(
        chars=chars,
        tokens=token_ranges(chunks, tokens, chars, chunk),
        chunk=chunk,
        parent=place[units.parent[left]],
        kinds=tuple(units.kinds[i] for i in left.tolist()),
    )


def _widened(decided: Selection, left: IntArray, pruned: Selection, units: Units) -> Selection:
    """Write the decision over the units that were left for all units; pruned ones score below the others."""
    granularity = np.zeros(len(units), np.int64)
    granularity[left] = decided.granularity
    chars = units.chars.copy()
    chars[left] = decided.chars
    scores = dict(pruned.scores)
    final = decided.scores["score"]
    scores["score"] = pruned.scores["score"] - pruned.scores["score"].max() + final.min(initial=0.0)
    for name, values in decided.scores.items():
        wide = scores.get(name, np.zeros(len(units), np.float32)).copy()
        wide[left] = values
        scores[name] = wide
    reasons = {int(left[unit]): reason for unit, reason in decided.reasons.items()}
    return Selection(
        granularity,
        left[decided.order],
        chars,
        scores,
        reasons,
        lender={int(left[unit]): int(left[by]) for unit, by in decided.lender.items()},
        cost_exponent=decided.cost_exponent,
    )
