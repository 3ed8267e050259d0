"""Selection of runs of adjacent tokens, for strategies that cut the text by themselves."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np

from semtoken_rag.arrays import range_sum, unit_length
from semtoken_rag.deadline import check
from semtoken_rag.paper.clusters import ranges
from semtoken_rag.stages.select import Ledger
from semtoken_rag.strategy.base import Problem
from semtoken_rag.text.boundaries import unprotected, word_ends
from semtoken_rag.types import BoolArray, FloatArray, Granularity, IntArray, Selection, Units

PATIENCE = 8  # tries to fit what is kept, after which each halves the budget at least


def word_ranges(problem: Problem, whole: bool = True) -> IntArray:
    """Return the token ranges (w, 2) that are never cut.

    Parameters
    ----------
    problem
        The call.
    whole
        True for words, False for single tokens. Matches of `Problem.protect` and tokens that share a
        character are one range in both cases.

    Returns
    -------
    (w, 2) int
        In source order; they cover all tokens.
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
    """Return the mean fingerprint of each token range, of unit length: (w, 2) to (w, d)."""
    return unit_length(range_sum(problem.tokens.vectors, words))


def run_units(problem: Problem, runs: IntArray) -> Units:
    """Make units of token ranges (m, 2), each within one chunk."""
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
    """Keep the best runs that fit, equal ones in source order; what a large run leaves goes to smaller ones.

    Parameters
    ----------
    problem
        The call.
    runs
        Token ranges (m, 2) in source order, each within one chunk, made of whole `word_ranges`.
    scores
        Scores (m,) by name, higher = keep; ``score`` decides.
    shown
        Token range (m, 2) of the part of each run that is passed on; None passes on whole runs. A run that is
        not whole is COARSE.
    wanted
        Whether each run may be kept, (m,) bool; None allows all.

    Returns
    -------
    Selection
        Its units are the runs.
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
    """Keep runs in the given order while they fit, one by one and joined."""
    texts, budget = _texts(problem, shown), problem.budget
    cut = (shown != units.tokens).sum(1)  # ends of a run that a mark stands at
    cost = run_cost(problem, shown) + problem.gap_cost * cut
    for tries in count(1):
        check()
        ledger = replace(problem, units=units, cost=cost, budget=budget).ledger(repeats=True)
        for run in order.tolist():
            ledger.keep(run)
        # A counter that rounds counts less for the single runs than for the joined text.
        joined = problem.counter.count("".join(texts[run] for run in sorted(ledger.order)))
        if joined <= problem.budget or not ledger.order:  # some counters find a token in nothing
            break
        lowered = budget - max(1, joined - problem.budget)
        budget = max(lowered, budget // 2) if tries < PATIENCE else min(lowered, budget // 2)
    return ledger


def run_cost(problem: Problem, runs: IntArray) -> IntArray:
    """Return the cost of each token range with the blank before it, in the reader's tokens, at least 1.

    Parameters
    ----------
    problem
        The call; the encoder's tokens are counted if its counter is an estimate.
    runs
        Token ranges (m, 2).

    Returns
    -------
    (m,) int
        Tokens.
    """
    if problem.counter.is_estimate:
        return runs[:, 1] - runs[:, 0]  # the encoder's own tokens
    texts = _texts(problem, runs)
    known = {}
    for text in dict.fromkeys(texts):
        check()
        known[text] = max(1, problem.counter.count(text))
    return np.array([known[text] for text in texts], np.int64)


def _texts(problem: Problem, runs: IntArray) -> list[str]:
    places = zip(problem.tokens.chunk[runs[:, 0]].tolist(), _chars(problem, runs).tolist(), strict=True)
    return [" " + problem.chunks[c].text[a:b] for c, (a, b) in places]


def _chars(problem: Problem, runs: IntArray) -> IntArray:
    """Return the character range of each token range: (m, 2) to (m, 2)."""
    offsets = problem.tokens.offsets
    start = offsets[runs[:, 0], 0]
    return np.stack([start, np.maximum(offsets[runs[:, 1] - 1, 1], start)], 1)
