"""A part of a unit that does not fit whole, for what is left of the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from semtoken_rag.arrays import similarity
from semtoken_rag.stages.granularity import best_run
from semtoken_rag.stages.render import STOPS
from semtoken_rag.stages.select import Ledger
from semtoken_rag.stages.spans import SpanRule, Spans
from semtoken_rag.strategy.base import Problem
from semtoken_rag.structure.base import CUTTABLE
from semtoken_rag.text.clusters import is_unspaced

COARSE_LEAST = 6  # tokens under which a cut is not worth its fragment
NEWS_LEAST, NEWS_ENOUGH = 3, 12  # tokens that a part must have besides the question's, and that are enough
GRAM = 3  # characters of an n-gram in a script without blanks
NEWS_WEIGHT = 0.2  # of what a part says that the question does not, against how well it matches


def keep_part(problem: Problem, ledger: Ledger, rule: SpanRule, unit: int) -> bool:
    """Keep the best run of spans of ``unit`` that fits; return whether there is one.

    Parameters
    ----------
    problem
        The problem of the call.
    ledger
        Filled in place.
    rule
        Cuts the unit into spans.
    unit
        Number of the unit.

    Returns
    -------
    bool
        Whether a run of spans fits and is kept.
    """
    room, own = ledger.room_for_part(unit), tuple(problem.units.tokens[unit].tolist())
    if own[0] == own[1] or not _may_cut(problem, ledger, unit):
        return False
    text = problem.chunks[int(problem.units.chunk[unit])].text
    if not ledger.order and _keep_without_stop(problem, ledger, unit, text):
        return True
    if room < COARSE_LEAST:
        return False
    spans = replace(rule, protect=(*rule.protect, *problem.protect))(
        text, problem.tokens, tuple(problem.units.chars[unit].tolist()), own
    ).without_ends(*ledger.broken(unit))

    def chars(first: int, last: int) -> tuple[int, int]:
        return int(spans.chars[first, 0]), int(spans.chars[last, 1])

    def cost(first: int, last: int) -> int:
        if problem.counter.is_estimate:  # the encoder's own tokens, counted already
            return int(spans.tokens[last, 1] - spans.tokens[first, 0])
        return problem.counter.count(text[slice(*chars(first, last))])

    run = best_run(spans, _value(problem, text, spans), cost, room)
    if run is None or (tokens := cost(*run)) < COARSE_LEAST:
        return False
    ledger.keep_span(unit, chars(*run), tokens)
    return True


def _keep_without_stop(problem: Problem, ledger: Ledger, unit: int, text: str) -> bool:
    """Keep a unit without its final mark if that is what does not fit; return whether it is kept."""
    start, end = problem.units.chars[unit].tolist()
    stop = start + len(text[start:end].rstrip(STOPS))
    if stop in (end, start):
        return False
    cost = problem.counter.count(text[start:stop])
    if cost > ledger.room_for_part(unit, marks=0):
        return False
    ledger.keep_span(unit, (start, stop), cost, marks=0)
    return True


def _may_cut(problem: Problem, ledger: Ledger, unit: int) -> bool:
    return problem.units.kinds[unit] in CUTTABLE and ledger.may_part(unit)


def _value(problem: Problem, text: str, spans: Spans) -> Callable[[int, int], float]:
    """Return the value of a run of spans: how it answers the question, 0 if it only repeats it.

    That is the mean over the question's tokens of the best cosine in the run, and a share for what the run
    says that the question does not. Without a question it is the number of tokens.
    """
    if problem.query is None or not len(problem.query.encoding.ids):
        return lambda first, last: float(spans.tokens[last, 1] - spans.tokens[first, 0])
    if is_unspaced(problem.query.text):
        return partial(_spelled_value, problem.query.text, text, spans)
    start, end = int(spans.tokens[0, 0]), int(spans.tokens[-1, 1])
    asked = problem.query.encoding
    best = similarity(asked.vectors, problem.tokens.vectors[start:end])  # (q, n)
    new = np.r_[0, np.cumsum(~np.isin(problem.tokens.ids[start:end], asked.ids))]

    def value(first: int, last: int) -> float:
        a, b = int(spans.tokens[first, 0]) - start, int(spans.tokens[last, 1]) - start
        news = int(new[b] - new[a])
        if a >= b or news < NEWS_LEAST:
            return 0.0
        return float(best[:, a:b].max(1).mean()) + NEWS_WEIGHT * min(1.0, news / NEWS_ENOUGH)

    return value


def _spelled_value(question: str, text: str, spans: Spans, first: int, last: int) -> float:
    """Return the value of a run in a script without blanks: its n-grams of the question, then its length.

    What follows the first of them counts twice, as an answer mostly follows what was asked for.
    """
    run = text[spans.chars[first, 0] : spans.chars[last, 1]]
    asked = _grams(question)
    at = next((i for i in range(len(run)) if run[i : i + GRAM] in asked), len(run))
    return len(_grams(run) & asked) + (2 * len(run) - at) / (2 * len(text) + 1)


def _grams(text: str) -> set[str]:
    text = "".join(text.split())
    return {text[i : i + GRAM] for i in range(len(text) - GRAM + 1)}
