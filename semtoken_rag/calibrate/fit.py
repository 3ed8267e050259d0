"""Make a calibration of outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from semtoken_rag.calibrate.outcomes import Outcome
from semtoken_rag.stages.calibration import LEAST, Calibration, version_of
from semtoken_rag.types import BoolArray, FloatArray

SHARES = np.linspace(0.02, 0.9, 12)  # of the tokens, at which a chance is compared with what came of it
UNANSWERED = 30  # questions


def calibrate(
    encoder: str,
    answered: Sequence[Outcome],
    unanswered: Sequence[Outcome],
    known: Calibration | None = None,
) -> Calibration:
    """Make a calibration.

    Parameters
    ----------
    encoder
        Name of the encoder.
    answered
        Outcomes of questions that their chunks answer.
    unanswered
        Outcomes of questions that their chunks do not answer.
    known
        Another calibration of the encoder, whose weights of `Calibration.answerable` are taken if there are
        too few ``unanswered`` to fit them.

    Returns
    -------
    Calibration
        See there.

    Raises
    ------
    ValueError
        If no question is answered, if nothing is ever lost, or always, or if there are too few ``unanswered``
        and nothing is ``known``.
    """
    if not answered:
        raise ValueError(f"a calibration needs questions with an answer, got 0 and {len(unanswered)} without")
    left_out, survived = states(answered)
    if survived.all() or not survived.any():
        kept = "everything" if survived.all() else "nothing"
        raise ValueError(f"all {len(answered)} questions are alike: {kept} is kept under every budget")
    if enough_unanswered(unanswered):
        answerable = fit_answerable(answered, unanswered)
    elif known is not None:
        answerable = known.answerable
    else:
        raise ValueError(
            f"the chance that chunks answer takes {UNANSWERED} questions with chunks that hold no gold, "
            f"got {len(unanswered)}, and no calibration of the encoder {encoder!r} is known"
        )
    return Calibration(
        encoder,
        version_of(encoder),
        np.sort([each.needed for each in answered]),
        fit_confidence(left_out, survived),
        answerable,
    )


def enough_unanswered(unanswered: Sequence[Outcome]) -> bool:
    """Return whether there are enough questions without an answer to fit `Calibration.answerable`."""
    return len(unanswered) >= UNANSWERED


def states(outcomes: Sequence[Outcome]) -> tuple[FloatArray, BoolArray]:
    """Return what is left out, and what came of it, when so much is kept as each of `SHARES` allows."""
    left_out, survived = [], []
    for each in outcomes:
        at = np.searchsorted(each.tokens, SHARES, side="right") - 1
        left_out.append(each.left_out[at])
        survived.append(each.survives[at])
    return np.concatenate(left_out), np.concatenate(survived)


def fit_confidence(left_out: FloatArray, survived: BoolArray) -> tuple[float, float]:
    """Fit `Calibration.confidence` to what is left out (n,) and what came of it (n,)."""
    risk = np.log(np.maximum(-left_out, LEAST))[:, None]
    model = LogisticRegression(C=100.0).fit(risk, survived)
    return float(model.intercept_[0]), max(float(-model.coef_[0, 0]), LEAST)


def fit_answerable(answered: Sequence[Outcome], unanswered: Sequence[Outcome]) -> tuple[float, ...]:
    """Fit `Calibration.answerable`."""
    signs = np.stack([each.signs for each in (*answered, *unanswered)])
    is_answered = np.arange(len(signs)) < len(answered)
    mean, deviation = signs.mean(0), signs.std(0) + 1e-6
    model = LogisticRegression(C=0.3, class_weight="balanced", max_iter=1000)
    model.fit((signs - mean) / deviation, is_answered)
    weights = model.coef_[0] / deviation
    return (*weights.tolist(), float(model.intercept_[0] - weights @ mean))
