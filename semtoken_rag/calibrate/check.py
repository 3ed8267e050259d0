"""How well a calibration holds on the questions that it was made on, each judged by the others alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from scipy.stats import beta
from sklearn.metrics import roc_auc_score

from semtoken_rag.calibrate.fit import SHARES, enough_unanswered, fit_answerable, fit_confidence, states
from semtoken_rag.calibrate.outcomes import Outcome
from semtoken_rag.calibrate.pose import Posed
from semtoken_rag.stages.calibration import Calibration, least_questions, place_of
from semtoken_rag.types import BoolArray, FloatArray

FOLDS, BINS = 10, 10
UNLUCKY = 0.05  # share of calibrations whose promise holds for fewer questions than is said
FALSE_ALARMS = 0.05

Bin: TypeAlias = tuple[float, float, int]


@dataclass(frozen=True, slots=True)
class Level:
    """What ``keep`` does on the questions.

    Attributes
    ----------
    keep
        The promise.
    needs
        How many questions it takes to say so.
    tokens
        Mean share of the tokens that is kept; None, as all below, if there are fewer questions.
    saved
        Share of the questions that lost nothing.
    at_least
        Share of all questions that lose nothing with all but `UNLUCKY` of the calibrations on so many
        questions; the mean over the calibrations is ``keep`` or more.
    """

    keep: float
    needs: int
    tokens: float | None = None
    saved: float | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """How well a calibration holds.

    Attributes
    ----------
    levels
        One for each promise that was asked for.
    bins : tuple of (float, float, int)
        Mean chance that was told, share for which it came true, and number of cases; by rising chance.
    error
        Expected calibration error: the mean distance of the first two.
    auroc
        Of the chance that the chunks answer; None if it was not fitted.
    caught
        Share of the questions without an answer under the chance that `FALSE_ALARMS` of the others are
        under; None as above.
    """

    levels: tuple[Level, ...]
    bins: tuple[Bin, ...]
    error: float
    auroc: float | None
    caught: float | None


def check(posed: Posed, calibration: Calibration, keeps: Sequence[float]) -> Report:
    """Judge each question by a calibration on others.

    Parameters
    ----------
    posed
        The questions.
    calibration
        What was made of them.
    keeps
        The promises to look at.

    Returns
    -------
    Report
        See there.
    """
    others = by_others(posed.answered, calibration)
    bins = reliability(*told_and_true(posed.answered, others))
    auroc, caught = answers_told_apart(posed)
    levels = tuple(level(keep, posed.answered, others) for keep in keeps)
    return Report(levels, bins, calibration_error(bins), auroc, caught)


def by_others(answered: Sequence[Outcome], calibration: Calibration) -> list[Calibration]:
    """Return a calibration for each question: the needs of all others, the confidence of other folds."""
    left_out, survived = states(answered)
    fold = np.arange(len(answered)) % FOLDS
    of_state = np.repeat(fold, len(SHARES))
    confidence = [
        _confidence(left_out[of_state != k], survived[of_state != k], calibration) for k in range(FOLDS)
    ]
    needed = np.array([each.needed for each in answered])
    return [
        replace(calibration, needed=np.sort(np.delete(needed, i)), confidence=confidence[k])
        for i, k in enumerate(fold.tolist())
    ]


def _confidence(left_out: FloatArray, survived: BoolArray, calibration: Calibration) -> tuple[float, float]:
    alike = survived.all() or not survived.any()
    return calibration.confidence if alike else fit_confidence(left_out, survived)


def level(keep: float, answered: Sequence[Outcome], others: Sequence[Calibration]) -> Level:
    """Return what a promise does.

    Parameters
    ----------
    keep
        The promise.
    answered
        The questions.
    others
        The calibration that each is judged by.

    Returns
    -------
    Level
        See there.
    """
    n, needs = len(answered), least_questions(keep) + 1
    if n < needs:
        return Level(keep, needs)
    ends = [end(each, other, keep) for each, other in zip(answered, others, strict=True)]
    kept = [(each.tokens[end], each.survives[end]) for each, end in zip(answered, ends, strict=True)]
    tokens, saved = np.array(kept, np.float64).mean(0).tolist()
    place = place_of(keep, n)
    return Level(keep, needs, tokens, saved, float(beta.ppf(UNLUCKY, place, n + 1 - place)))


def end(each: Outcome, calibration: Calibration, keep: float) -> int:
    """Return the first step of a selection that keeps a promise, else the last.

    Parameters
    ----------
    each
        The question.
    calibration
        Of its encoder.
    keep
        The promise.

    Returns
    -------
    int
        As `semtoken_rag.engine.keeping.shorten` ends it.
    """
    left_out = each.left_out.tolist()
    first = bisect_left(left_out, True, lo=1, key=lambda at: calibration.is_kept(at, keep))
    return min(first, len(left_out) - 1)


def told_and_true(answered: Sequence[Outcome], others: Sequence[Calibration]) -> tuple[FloatArray, BoolArray]:
    """Return the chances that are told of each question, at several budgets, and whether they came true."""
    told, true = [], []
    for each, other in zip(answered, others, strict=True):
        left_out, survived = states([each])
        told.append(other.chance(left_out))
        true.append(survived)
    return np.concatenate(told), np.concatenate(true)


def reliability(told: FloatArray, true: BoolArray) -> tuple[Bin, ...]:
    """Return the bins of chances (n,) that were told and whether they came true (n,), see `Report`."""
    place = np.minimum((told * BINS).astype(np.int64), BINS - 1)
    inside = [place == k for k in range(BINS)]
    return tuple((float(told[k].mean()), float(true[k].mean()), int(k.sum())) for k in inside if k.any())


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error, arxiv.org/abs/1706.04599."""
    return sum(n * abs(told - true) for told, true, n in bins) / sum(n for _, _, n in bins)


def answers_told_apart(posed: Posed) -> tuple[float | None, float | None]:
    """Return `Report.auroc` and `Report.caught`."""
    pairs = list(zip(posed.answered, posed.unanswered, strict=True))
    if not enough_unanswered(posed.without_answer):
        return None, None
    has, lacks = [], []
    for k in range(FOLDS):
        rest = [pair for i, pair in enumerate(pairs) if i % FOLDS != k]
        *weights, constant = fit_answerable([a for a, _ in rest], [b for _, b in rest if b is not None])
        for a, b in pairs[k::FOLDS]:
            has.append(float(a.signs @ weights) + constant)
            lacks += [] if b is None else [float(b.signs @ weights) + constant]
    return told_apart(has, lacks)


def told_apart(has: Sequence[float], lacks: Sequence[float]) -> tuple[float, float]:
    """Return the AUROC of chances of questions with an answer and without, and the share that is caught."""
    auroc = roc_auc_score([1] * len(has) + [0] * len(lacks), [*has, *lacks])
    bound = np.sort(has)[int(FALSE_ALARMS * len(has))]
    return float(auroc), float((np.array(lacks) < bound).mean())
