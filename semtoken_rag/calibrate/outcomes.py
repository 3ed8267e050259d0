"""What an engine does with a question whose answer is known: what it loses, the less it keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semtoken_rag.budget import Budget
from semtoken_rag.engine.call import Call
from semtoken_rag.engine.fitting import Decided, Encoded, decide
from semtoken_rag.engine.measure import Measured
from semtoken_rag.engine.setup import Setup
from semtoken_rag.examples import Example
from semtoken_rag.result import CHANCE
from semtoken_rag.stages.answerable import signs
from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.chances import lost, remaining
from semtoken_rag.stages.segment import build_units
from semtoken_rag.stages.select import duplicates
from semtoken_rag.types import BoolArray, FloatArray, IntArray, Tokens, Units

NEVER, AT_ONCE = np.inf, -1e6  # what a question needs that always, or never, loses something


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A question, decided upon with room for all of its units.

    Attributes
    ----------
    decided
        Units, costs and the selection.
    wanted : (m,) bool
        Which units answer the question; none if its chunks hold no answer.
    signs : (f,) float
        What tells whether the chunks answer, see `semtoken_rag.stages.answerable.signs`.
    tokens : (s + 1,) float
        Share of the tokens that is kept after each step of the selection, 0 at first.
    left_out : (s + 1,) float
        Sum of `semtoken_rag.stages.chances.lost` over the rest.
    survives : (s + 1,) bool
        Whether nothing wanted is lost.
    """

    decided: Decided
    wanted: BoolArray
    signs: FloatArray
    tokens: FloatArray
    left_out: FloatArray
    survives: BoolArray

    @property
    def needed(self) -> float:
        """What the question needs, see `semtoken_rag.stages.calibration.Calibration`."""
        if not self.survives.any():
            return NEVER
        first = int(self.survives.argmax())
        return AT_ONCE if first <= 1 else float(self.left_out[first - 1])


def outcome(example: Example, setup: Setup) -> Outcome | None:
    """Decide upon a question.

    Parameters
    ----------
    example
        The question, its chunks and what answers it.
    setup
        What the engine runs with.

    Returns
    -------
    Outcome or None
        None if the question or its chunks have no tokens.
    """
    call = Call(setup, list(example.chunks), example.question, Budget(ratio=1.0))
    read = setup.fingerprinter.read(call.chunks, call.query)
    tokens = Tokens.concatenate([chunk.encoding for chunk in read.chunks])
    units = build_units(call.chunks, tokens, [chunk.segments for chunk in read.chunks])
    if read.query is None or not len(units):
        return None
    asked = Asked.of(read.query, call.chunks, tokens, units)
    total = int((units.tokens[:, 1] - units.tokens[:, 0]).sum())
    room = Measured([], total, 4 * total + 1000)  # for titles and gaps, too
    decided = decide(call, room, Encoded(tokens, units, asked), setup.strategy)
    wanted, order = example.wanted(decided.units), decided.selection.order
    steps = np.arange(1, len(order) + 1) if decided.selection.steps is None else decided.selection.steps
    steps = np.r_[0, steps]
    each, cost = lost(decided.selection.scores[CHANCE]), decided.cost
    return Outcome(
        decided,
        wanted,
        signs(asked),
        np.r_[0, np.cumsum(cost[order])][steps] / max(int(cost.sum()), 1),
        remaining(float(np.delete(each, order).sum()), each[order])[steps],
        _survives(wanted, decided, example)[steps],
    )


def without_gold(example: Example) -> Example | None:
    """Return a question without the chunks that answer it; None if no chunk is left."""
    gold = {chunk for chunk, _, _ in example.gold}
    left = [i for i in range(len(example.chunks)) if i not in gold]
    return example.take_chunks(left) if left else None


def _survives(wanted: BoolArray, decided: Decided, example: Example) -> BoolArray:
    """Return whether nothing wanted is lost after the first 0, 1, ... units of a selection: (k + 1,)."""
    units, order = decided.units, decided.selection.order
    place = np.full(len(units), len(order) + 1)
    place[order] = np.arange(1, len(order) + 1)
    place = np.minimum(place, _of_twins(place, units, example))
    counted = wanted & ~units.is_head if (wanted & ~units.is_head).any() else wanted
    if not counted.any():
        return np.zeros(len(order) + 1, bool)
    last = place[counted].min() if example.alternatives else place[counted].max()
    survives: BoolArray = np.arange(len(order) + 1) >= last
    return survives


def _of_twins(place: IntArray, units: Units, example: Example) -> IntArray:
    """Return the first place of a unit that says the same: (m,)."""
    twin = (
        np.arange(len(units))
        if units.twin is None
        else np.where(units.twin >= 0, units.twin, np.arange(len(units)))
    )
    places = zip(units.chunk.tolist(), units.chars.tolist(), strict=True)
    group = duplicates([example.chunks[chunk].text[a:b] for chunk, (a, b) in places])
    first = place[twin].copy()
    for number in np.unique(group[group >= 0]).tolist():
        first[group == number] = first[group == number].min()
    return first
