"""Put questions to an engine, and make a calibration of what comes of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from semtoken_rag.calibrate.fit import calibrate
from semtoken_rag.calibrate.outcomes import Outcome, outcome, without_gold
from semtoken_rag.compressor import SemToken
from semtoken_rag.examples import Example
from semtoken_rag.stages.calibration import Calibration
from semtoken_rag.strategy.base import gives_chances

log = logging.getLogger(__name__)
LEAST = 100  # questions of a calibration
NAMED = 5  # questions left out that a message names


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """What an engine does with questions.

    Attributes
    ----------
    encoder
        Name of the encoder.
    answered
        Outcomes of the questions on all of their chunks.
    unanswered
        The same without the chunks that hold gold; None for a question that has no other chunk.
    known
        The calibration that the engine has; None if it has none.
    """

    encoder: str
    answered: Sequence[Outcome]
    unanswered: Sequence[Outcome | None]
    known: Calibration | None = None

    @property
    def without_answer(self) -> list[Outcome]:
        """Those of ``unanswered`` that there are."""
        return [each for each in self.unanswered if each is not None]

    def calibrate(self) -> Calibration:
        """Make a calibration of all questions; see `semtoken_rag.calibrate.fit.calibrate`."""
        return calibrate(self.encoder, self.answered, self.without_answer, self.known)


def calibrate_on(examples: Sequence[Example], engine: SemToken) -> Calibration:
    """Make a calibration for an engine, whose `save` writes the file that `Config.calibration` takes.

    Parameters
    ----------
    examples
        Questions like those that the engine will get, see `semtoken_rag.examples.read_examples`.
    engine
        Its encoder, strategy and settings count. One with a store encodes each chunk once.

    Returns
    -------
    Calibration
        See there.

    Raises
    ------
    ValueError
        As from `pose` and `semtoken_rag.calibrate.fit.calibrate`.
    """
    return pose(examples, engine).calibrate()


def pose(
    examples: Sequence[Example], engine: SemToken, on_step: Callable[[int], object] = lambda done: None
) -> Posed:
    """Put questions to an engine, with all of their chunks and without those that hold gold.

    Questions whose gold no unit holds, and those that ``"auto"`` reads by another encoder, are left out; the
    log says which.

    Parameters
    ----------
    examples
        The questions.
    engine
        The engine.
    on_step
        Called with the number of questions that are done.

    Returns
    -------
    Posed
        What came of them.

    Raises
    ------
    ValueError
        If the engine's strategy gives no chances, or fewer than `LEAST` questions are given or left.
    """
    setup = engine._setup
    if not gives_chances(setup.strategy):
        raise ValueError(
            "a calibration needs a strategy that gives chances, as 'semtoken' does, "
            f"got {setup.strategy!r:.80}"
        )
    if len(examples) < LEAST:
        raise ValueError(f"a calibration needs at least {LEAST} questions, got {len(examples)}")
    answered, unanswered = [], []
    unheld: list[int] = []
    elsewhere: list[int] = []
    for number, example in enumerate(examples, 1):
        if not engine._reads(example.question, example.chunks):
            elsewhere.append(example.line or number)
        elif (made := outcome(example, setup)) is None or not made.wanted.any():
            unheld.append(example.line or number)
        else:
            other = without_gold(example)
            answered.append(made)
            unanswered.append(outcome(other, setup) if other else None)
        on_step(number)
    _tell(unheld, len(examples), "they ask nothing or no unit of their chunks holds their gold")
    _tell(elsewhere, len(examples), "the encoder for other languages reads them")
    if len(answered) < LEAST:
        raise ValueError(
            f"a calibration needs at least {LEAST} questions, got {len(answered)} that can be used "
            f"of {len(examples)}"
        )
    return Posed(setup.fingerprinter.encoder.name, answered, unanswered, setup.calibration)


def _tell(left_out: Sequence[int], total: int, why: str) -> None:
    if left_out:
        named = ", ".join(map(str, left_out[:NAMED])) + (", ..." if len(left_out) > NAMED else "")
        log.warning("%d of %d questions are left out, since %s: %s", len(left_out), total, why, named)
