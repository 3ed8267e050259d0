"""Second step of a call: what is selected, rendered within the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from semtoken_rag.engine.call import Call
from semtoken_rag.engine.keeping import shorten
from semtoken_rag.engine.measure import Measured, unit_cost
from semtoken_rag.result import CHANCE, CompressedChunk, Piece
from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.render import arrange, join, pieces_of, prefix_of
from semtoken_rag.strategy.base import Problem, Strategy, check_selection
from semtoken_rag.types import BoolArray, Granularity, IntArray, Selection, Tokens, Units


@dataclass(frozen=True, slots=True)
class Encoded:
    """The fingerprints of a call's chunks, the units that they fall into, and the question on them."""

    tokens: Tokens
    units: Units
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The units of a call, the reader's tokens of each (m,), and which of them are kept."""

    units: Units
    cost: IntArray
    selection: Selection


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is passed on: chunks, joined text, its tokens; ``decided`` is None for an input that fits."""

    chunks: tuple[CompressedChunk, ...]
    text: str
    tokens: int
    decided: Decided | None = None


def decide(call: Call, measured: Measured, encoded: Encoded, strategy: Strategy) -> Decided:
    """Have the strategy select among the units.

    Parameters
    ----------
    call
        The call.
    measured
        Token counts and the budget of the call.
    encoded
        Tokens, units and query of the call.
    strategy
        Selects among the units.

    Returns
    -------
    Decided
        The units, their costs in tokens and the selection.
    """
    config = call.setup.config
    problem = Problem(
        chunks=call.chunks,
        tokens=encoded.tokens,
        units=encoded.units,
        query=encoded.asked.query if encoded.asked else None,
        cost=unit_cost(call, encoded.units),
        budget=measured.budget,
        counter=call.setup.counter,
        encoder=call.setup.fingerprinter.encoder.name,
        min_chunk_tokens=config.min_chunk_tokens,
        max_chunk_tokens=config.chunk_bound(measured.budget),
        protect=config.protect,
        chunk_cost=_chunk_cost(call),
        gap_cost=_gap_cost(call),
        known=encoded.asked,
    )
    selection = strategy(problem)
    check_selection(problem, selection)
    if measured.keep is not None and call.setup.calibration and CHANCE in selection.scores:
        selection = shorten(selection, call.setup.calibration, measured.keep)
    if selection.units is None:
        return Decided(encoded.units, problem.cost, selection)
    return Decided(selection.units, unit_cost(call, selection.units), selection)


def _chunk_cost(call: Call) -> IntArray | None:
    """Return the tokens that each chunk costs besides its units: (c,); None if there are none."""
    titles = call.setup.config.titles
    prefixes = [prefix_of(chunk, titles) for chunk in call.chunks]
    if not any(prefixes) and not any(chunk.overhead for chunk in call.chunks):
        return None
    return np.array([c.overhead for c in call.chunks], np.int64) + np.array(
        call.count_all(prefixes), np.int64
    )


def _gap_cost(call: Call) -> int:
    """Return the tokens that the mark of a gap brings between two words, which may take its blanks in."""
    joined, word = call.count_all([f"a{call.setup.config.gap}a", "a"])
    return max(0, joined - 2 * word)


def fit(call: Call, measured: Measured, decided: Decided) -> Fitted:
    """Render the selection and count the joined text.

    If the count is over the budget, the units chosen last are left out, as few as will do.

    Parameters
    ----------
    call
        The call.
    measured
        Token counts and the budget of the call.
    decided
        The selection to render.

    Returns
    -------
    Fitted
        The rendered chunks and their joined text, with its number of tokens.
    """
    budget = measured.budget
    kept = over = len(decided.selection.order)
    made, step = _render_first(call, measured, decided, kept), 1
    while made.tokens > budget and kept:  # ever more at once
        over, kept, step = kept, max(0, kept - step), 2 * step
        made = _render_first(call, measured, decided, kept)
    while over - kept > 1:
        middle = (kept + over) // 2
        tried = _render_first(call, measured, decided, middle)
        if tried.tokens > budget:
            over = middle
        else:
            kept, made = middle, tried
    return made


def fit_whole(call: Call, measured: Measured) -> Fitted | None:
    """Return all chunks as they are, or None if their joined text is over the budget."""
    shown = [call.shown(chunk.text) for chunk in call.chunks]
    counts = call.count_all(shown) if call.setup.config.sanitise_markers else measured.chunks
    chunks = tuple(
        CompressedChunk(i, chunk, (Piece(0, len(chunk.text), Granularity.FINE, 0.0),), text, before, after)
        for i, (chunk, text, before, after) in enumerate(
            zip(call.chunks, shown, measured.chunks, counts, strict=True)
        )
    )
    text = call.setup.config.separator.join(shown)
    tokens = _tokens(call, text, chunks)
    return Fitted(chunks, text, tokens) if tokens <= measured.budget else None


def _render_first(call: Call, measured: Measured, decided: Decided, n: int) -> Fitted:
    """Render the ``n`` units chosen first."""
    granularity = decided.selection.granularity.copy()
    granularity[decided.selection.order[n:]] = Granularity.DROPPED
    while (torn := _torn(decided.units, granularity)).any():
        granularity[torn] = Granularity.DROPPED
    granularity[_bare_heads(decided.units, granularity)] = Granularity.DROPPED
    left = replace(decided, selection=replace(decided.selection, granularity=granularity))
    chunks = _render(call, measured, left)
    text = call.setup.config.separator.join(chunk.text for chunk in chunks)
    tokens = _tokens(call, text, chunks)
    return Fitted(chunks, text, tokens, left)


def _tokens(call: Call, text: str, chunks: Sequence[CompressedChunk]) -> int:
    """Return the tokens of the joined text, or of the texts one by one if more, and the chunks' overhead."""
    if not chunks:
        return 0  # some counters find a token in nothing
    kept = sum(chunk.tokens_after for chunk in chunks)
    return max(call.count(text), kept) + sum(chunk.chunk.overhead for chunk in chunks)


def _torn(units: Units, granularity: IntArray) -> BoolArray:
    """Return which units are kept without their limits or all their sentence, or hang on such: (m,)."""
    torn = np.zeros(len(units), np.bool_)
    if all_links := units.links():
        whole = granularity == Granularity.FINE
        for unit, links in all_links.items():
            torn[unit] = whole[unit] and not whole[links].all()
        for unit in np.flatnonzero(whole & (units.parent >= 0) & torn.any()).tolist():
            torn[unit] |= torn[units.parent[unit]]
    return torn


def _bare_heads(units: Units, granularity: IntArray) -> BoolArray:
    """Return which kept heads have nothing kept that hangs on them: (m,)."""
    heads = units.is_head & (granularity > Granularity.DROPPED)
    if not heads.any():
        return heads
    needed = np.zeros(len(units), np.bool_)
    for unit in np.flatnonzero((granularity > Granularity.DROPPED) & ~units.is_head).tolist():
        needed[units.ancestors(unit)] = True
    return heads & ~needed


def _render(call: Call, measured: Measured, decided: Decided) -> tuple[CompressedChunk, ...]:
    units, selection, config = decided.units, decided.selection, call.setup.config
    made = []
    for index in np.unique(units.chunk[selection.granularity > Granularity.DROPPED]).tolist():
        chunk = call.chunks[index]
        pieces = pieces_of(index, units, selection, chunk.text)
        prefix = call.shown(prefix_of(chunk, config.titles))
        made.append((index, chunk, pieces, prefix, prefix + call.shown(join(chunk.text, pieces, config.gap))))
    counts = call.count_all([text for *_, text in made])
    chunks = [
        CompressedChunk(index, chunk, pieces, text, measured.chunks[index], after, prefix)
        for (index, chunk, pieces, prefix, text), after in zip(made, counts, strict=True)
    ]
    return arrange(chunks, config.order_for(call.query))
