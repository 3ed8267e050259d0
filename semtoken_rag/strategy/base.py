"""What a strategy is: a function from the problem of a call to the units that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from semtoken_rag.budget import TokenCounter
from semtoken_rag.result import CHANCE
from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.select import Ledger, duplicates, greedy_select
from semtoken_rag.types import Chunk, FloatArray, Granularity, IntArray, Query, Selection, Tokens, Units


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything a strategy may look at.

    Attributes
    ----------
    chunks, tokens, units
        The input of the call.
    query
        None where there is no question.
    cost : (m,) int
        Tokens of each unit, in the reader's tokenizer.
    budget
        Tokens that may be kept.
    counter
        Counts any other text.
    encoder
        Name of the encoder.
    min_chunk_tokens, max_chunk_tokens
        Tokens that each chunk gets first, and that it may take at most.
    protect
        Regular expressions whose matches are never cut.
    chunk_cost : (c,) int
        Tokens that each chunk costs besides its units once one of them is kept; None for no tokens.
    gap_cost
        Tokens of the mark that stands where something of a chunk is left out.
    known
        What `asked` returns, if it was made before of the same tokens and units.
    """

    chunks: Sequence[Chunk]
    tokens: Tokens
    units: Units
    query: Query | None
    cost: IntArray
    budget: int
    counter: TokenCounter
    encoder: str
    min_chunk_tokens: int = 0
    max_chunk_tokens: int | None = None
    protect: Sequence[str] = ()
    chunk_cost: IntArray | None = None
    gap_cost: int = 0
    known: Asked | None = None

    def asked(self) -> Asked | None:
        """Return the question as the stages take it; None without one."""
        known = self.known
        if self.query is None:
            return None
        if known is not None and known.tokens is self.tokens and known.units is self.units:
            return known
        return Asked.of(self.query, self.chunks, self.tokens, self.units)

    def ledger(self, repeats: bool = False) -> Ledger:
        """Return an empty account of this problem's budget, for which units may repeat each other or not."""
        doubles = None if repeats else duplicates(self._headed_texts())
        return Ledger(
            self.units,
            self.cost,
            self.budget,
            self.max_chunk_tokens,
            doubles,
            self.chunk_cost,
            self._gap_costs(),
        )

    def _gap_costs(self) -> IntArray | None:
        """Return the tokens of a mark beside each unit, 0 for one on a line of its own: (m,)."""
        if not self.gap_cost:
            return None
        alone = []
        for chunk, (start, end) in zip(self.units.chunk.tolist(), self.units.chars.tolist(), strict=True):
            text = self.chunks[chunk].text
            before, after = text[max(0, start - 8) : start].rstrip(" \t"), text[end : end + 8].lstrip(" \t")
            alone.append(before.endswith("\n") or after.startswith("\n"))
        return np.where(alone, 0, self.gap_cost).astype(np.int64)

    def keep(self, scores: FloatArray) -> Selection:
        """Keep the units with the highest scores that fit the budget, one of those that say the same.

        Parameters
        ----------
        scores
            Score of each unit, (m,) float, higher = keep.

        Returns
        -------
        Selection
            Units are kept whole, with the units that they cannot do without.

        Raises
        ------
        ValueError
            If there is not one finite score for each unit.
        """
        values = np.asarray(scores, np.float32)
        if values.shape != (len(self.units),):
            raise ValueError(f"scores must have shape ({len(self.units)},), got {values.shape}")
        if not np.isfinite(values).all():
            raise ValueError(f"scores must be finite, got {values[~np.isfinite(values)][0]}")
        ledger = self.ledger()
        greedy_select(values, ledger)
        return ledger.to_selection({"score": values})

    def full_text(self, unit: int) -> str:
        """Return the text of a unit behind the texts of what it hangs on."""
        return "\n".join(self.text(each) for each in (*reversed(self.units.ancestors(unit)), unit))

    def _headed_texts(self) -> list[str]:
        """Full text of each unit behind the headings of its chunk that stand outside of the text."""
        units = self.units
        texts: list[str] = []
        places = zip(units.chunk.tolist(), units.chars.tolist(), units.parent.tolist(), strict=True)
        for index, (start, end), parent in places:
            chunk = self.chunks[index]
            above = chunk.headings if parent < 0 else (texts[parent],)
            texts.append("\n".join((*above, chunk.text[start:end])))
        return texts

    def text(self, unit: int) -> str:
        """Text of a unit."""
        start, end = self.units.chars[unit]
        return self.chunks[int(self.units.chunk[unit])].text[start:end]


@runtime_checkable
class Strategy(Protocol):
    """Structural type of everything that can be passed as ``strategy=``."""

    def __call__(self, problem: Problem) -> Selection:
        """Decide which units are kept; the units it keeps cost at most ``problem.budget``."""
        ...


def gives_chances(strategy: Strategy) -> bool:
    """Return whether a strategy's scores have a ``probability``, the chance that each unit is wanted.

    Without it nothing can be promised. A strategy says so by an attribute ``gives_chances``.
    """
    return bool(getattr(strategy, "gives_chances", False))


def check_selection(problem: Problem, selection: Selection) -> None:
    """Check what a strategy returned.

    Parameters
    ----------
    problem
        What the strategy was asked.
    selection
        What it returned.

    Raises
    ------
    ValueError
        If it is no `Selection`, its own units are not those of the chunks, shapes do not fit the units,
        ``order`` is not what ``granularity`` keeps, a score is not finite, or a part does not lie in its
        unit.
    """
    if not isinstance(selection, Selection):
        raise ValueError(f"a strategy must return a Selection, got {selection!r:.80}")
    units = problem.units if selection.units is None else selection.units
    if units.chars is not problem.units.chars:
        _check_units(problem, units)
    _check_arrays(selection, len(units))
    kept = np.flatnonzero(selection.granularity > Granularity.DROPPED)
    if not np.array_equal(np.sort(selection.order), kept):
        raise ValueError(
            f"a selection's order must name each kept unit once, got {len(selection.order)} for {len(kept)}"
        )
    parts, whole = selection.chars[kept], units.chars[kept]
    inside = (whole[:, 0] <= parts[:, 0]) & (parts[:, 0] <= parts[:, 1]) & (parts[:, 1] <= whole[:, 1])
    if not inside.all():
        bad = int(kept[~inside][0])
        raise ValueError(
            f"unit {bad} lies at {units.chars[bad].tolist()}, its part at {selection.chars[bad].tolist()}"
        )


def _check_arrays(selection: Selection, m: int) -> None:
    """Raise ValueError if shapes, kinds of numbers or scores are not those of a selection of m units."""
    shapes = {"granularity": (m,), "chars": (m, 2), **{f"scores[{n!r}]": (m,) for n in selection.scores}}
    found: dict[str, Any] = {"granularity": selection.granularity, "chars": selection.chars}
    found |= {f"scores[{name!r}]": values for name, values in selection.scores.items()}
    for name, shape in shapes.items():
        if np.shape(found[name]) != shape:
            raise ValueError(f"{name} of {m} units must have shape {shape}, got {np.shape(found[name])}")
    for name, values in (("granularity", selection.granularity), ("order", selection.order)):
        if values.dtype.kind not in "iu":
            raise ValueError(f"a selection's {name} must hold integers, got {values.dtype}")
    if m and not 0 <= selection.granularity.min() <= selection.granularity.max() <= Granularity.FINE:
        raise ValueError(f"a granularity must be 0, 1 or 2, got {np.unique(selection.granularity)}")
    if "score" not in selection.scores:
        raise ValueError(f"a selection must have scores['score'], got {sorted(selection.scores)}")
    chance = selection.scores.get(CHANCE)
    if chance is not None and not ((chance >= 0) & (chance <= 1)).all():
        raise ValueError(f"a selection's scores[{CHANCE!r}] must be in [0, 1], got {chance.min()!r} and more")
    if not np.isfinite(selection.scores["score"]).all():
        raise ValueError("a selection's scores['score'] must be finite, got NaN or infinity")


def _check_units(problem: Problem, units: Units) -> None:
    """Raise ValueError if units overlap, are not in the order of the texts, or hang on later ones."""
    m, sizes = len(units), np.array([len(chunk.text) for chunk in problem.chunks])
    shapes = np.shape(units.chars), np.shape(units.parent), len(units.kinds)
    if shapes != ((m, 2), (m,), m):
        raise ValueError(f"a selection's {m} units have chars, parents and kinds of {shapes}")
    chunk, (start, end), place = units.chunk, units.chars.T, np.arange(m)
    wrong = (chunk < 0) | (chunk >= len(sizes)) | (start < 0) | (start > end)
    wrong |= (units.parent < -1) | (units.parent >= place)
    wrong[~wrong] = end[~wrong] > sizes[chunk[~wrong]]
    same = chunk[1:] == chunk[:-1]
    wrong[1:] |= (chunk[1:] < chunk[:-1]) | (same & (start[1:] < end[:-1]))
    if wrong.any():
        bad = int(wrong.argmax())
        raise ValueError(
            f"a selection's unit {bad} is not in order in the texts, or hangs on a later one: chunk "
            f"{chunk[bad]}, characters {units.chars[bad].tolist()}, parent {units.parent[bad]}"
        )
