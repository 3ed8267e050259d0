"""Runs of tokens as what is selected, for strategies that cut the text by themselves."""

from __future__ import annotations

import numpy as np

from semtoken_rag.arrays import range_sum, unit_length
from semtoken_rag.paper.clusters import ranges
from semtoken_rag.stages.select import Ledger
from semtoken_rag.strategy.base import Problem
from semtoken_rag.text.boundaries import unprotected, word_ends
from semtoken_rag.types import BoolArray, FloatArray, Granularity, IntArray, Selection, Units


def word_ranges(problem: Problem, whole: bool = True) -> IntArray:
    """Token ranges of what is never parted: words, and what `Problem.protect` matches: (w, 2).

    With ``whole`` false, single tokens, but for those of one character and what is protected.
    """
    tokens = problem.tokens
    n = len(tokens.ids)
    starts = np.r_[True, tokens.chunk[1:] != tokens.chunk[:-1]][:n]
    first = np.flatnonzero(starts)
    for a, b in zip(first.tolist(), [*first[1:].tolist(), n], strict=False):
        text, offsets = problem.chunks[int(tokens.chunk[a])].text, tokens.offsets[a:b]
        ends = word_ends(text, offsets) if whole else offsets[:-1, 1] <= offsets[1:, 0]
        starts[a + 1 : b] = ends & unprotected(text, offsets, problem.protect)
    return ranges(np.flatnonzero(starts), n)


def word_vectors(problem: Problem, words: IntArray) -> FloatArray:
    """Mean fingerprint of each range, of unit length: (w, 2) -> (w, d)."""
    return unit_length(range_sum(problem.tokens.vectors, words))


def run_units(problem: Problem, runs: IntArray) -> Units:
    """Units made of token ranges (m, 2), each within one chunk."""
    return Units(
        chars=_chars(problem, runs),
        tokens=runs,
        chunk=problem.tokens.chunk[runs[:, 0]],
        parent=np.full(len(runs), -1, np.int64),
        kinds=("run",) * len(runs),
    )


def keep_best(
    problem: Problem,
    runs: IntArray,
    scores: dict[str, FloatArray],
    shown: IntArray | None = None,
    wanted: BoolArray | None = None,
) -> Selection:
    """Keep the best runs that fit, equal ones in source order; a smaller one takes what a larger one leaves.

    Parameters
    ----------
    runs : (m, 2) int
        Token ranges in source order, each within one chunk, cut where `word_ranges` allows it.
    scores : dict of (m,) float
        Higher = keep; ``score`` decides.
    shown : (m, 2) int
        Part of each run that is passed on; the whole run where None. A run with less is COARSE.
    wanted : (m,) bool
        Runs that may be kept; all where None.
    """
    shown = runs if shown is None else shown
    order = np.argsort(-scores["score"], kind="stable")
    units = run_units(problem, runs)
    ledger = _fill(problem, units, order if wanted is None else order[wanted[order]], shown)
    whole = (shown == runs).all(1)
    granularity = np.where(ledger.kept, np.where(whole, Granularity.FINE, Granularity.COARSE), 0)
    return Selection(
        granularity.astype(np.int64),
        np.array(ledger.order, np.int64),
        _chars(problem, shown),
        scores,
        units=units,
    )


def _fill(problem: Problem, units: Units, order: IntArray, shown: IntArray) -> Ledger:
    """Keep runs in this order while they fit, one by one and joined."""
    cost, texts, budget = run_cost(problem, shown), _texts(problem, shown), problem.budget
    while True:
        ledger = Ledger(units, cost, budget, problem.max_chunk_tokens)
        for run in order.tolist():
            ledger.keep(run)
        # A counter that rounds finds less in the runs one by one than in the text that they make.
        joined = problem.counter.count("".join(texts[run] for run in sorted(ledger.order)))
        if joined <= problem.budget:
            return ledger
        budget -= joined - problem.budget


def run_cost(problem: Problem, runs: IntArray) -> IntArray:
    """Reader's tokens of each token range, with the blank before it, at least 1: (m, 2) -> (m,)."""
    if problem.counter.is_estimate:
        return runs[:, 1] - runs[:, 0]  # the encoder's own tokens
    texts = _texts(problem, runs)
    known = {text: max(1, problem.counter.count(text)) for text in dict.fromkeys(texts)}
    return np.array([known[text] for text in texts], np.int64)


def _texts(problem: Problem, runs: IntArray) -> list[str]:
    places = zip(problem.tokens.chunk[runs[:, 0]].tolist(), _chars(problem, runs).tolist(), strict=True)
    return [" " + problem.chunks[c].text[a:b] for c, (a, b) in places]


def _chars(problem: Problem, runs: IntArray) -> IntArray:
    """Character range of each token range: (m, 2) -> (m, 2)."""
    offsets = problem.tokens.offsets
    start = offsets[runs[:, 0], 0]
    return np.stack([start, np.maximum(offsets[runs[:, 1] - 1, 1], start)], 1)
