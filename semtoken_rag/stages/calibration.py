"""Calibration: what turns the chances of units into promises, made on questions whose answers are known.

The bound on what is lost is that of conformal risk control, arxiv.org/abs/2208.02814: where the loss of a
question is 1 or 0 and can only fall as more is kept, it is a quantile of what each question needed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semtoken_rag.stages.answerable import SIGNS
from semtoken_rag.stages.chances import FOREST
from semtoken_rag.stages.weights import fitted
from semtoken_rag.text.files import write_whole
from semtoken_rag.types import FloatArray

SHIPPED = Path(__file__).parent / "calibration.json"
LEAST = 1e-4  # of what may be lost, under which nothing is told apart


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What holds of an encoder's chances on questions like those that it was made on.

    Attributes
    ----------
    encoder
        Name of the encoder.
    version
        Of the weights and the forest that the chances come from, see `version_of`.
    needed : (n,) float
        What each question needed, rising: the sum of `semtoken_rag.stages.chances.lost` over what is left
        out, from which on nothing wanted was lost; infinity if something was lost whatever was kept.
    confidence : (a, b)
        The chance that nothing wanted is lost is ``sigmoid(a - b * log(-c))``, where c is that sum.
    answerable : tuple of float
        Weights of `semtoken_rag.stages.answerable.SIGNS`, and a constant at the end.
    """

    encoder: str
    version: str
    needed: npt.NDArray[np.float64]
    confidence: tuple[float, float]
    answerable: tuple[float, ...]

    def chance(self, left_out: FloatArray | float) -> FloatArray:
        """Return the chance that nothing wanted is lost.

        Parameters
        ----------
        left_out
            Sum of `semtoken_rag.stages.chances.lost` over what is left out, of any shape, at most 0.

        Returns
        -------
        FloatArray
            Of the same shape, in [0, 1]; 1 where nothing can be lost.
        """
        a, b = self.confidence
        risk = -np.asarray(left_out, np.float64)
        odds = a - b * np.log(np.maximum(risk, LEAST))
        out: FloatArray = np.where(risk <= 0, 1.0, 1.0 / (1.0 + np.exp(-odds)))
        return out

    def level(self, keep: float) -> float:
        """Return what must be exceeded for a promise.

        Parameters
        ----------
        keep
            Chance that nothing wanted is lost, in (0, 1).

        Returns
        -------
        float
            The sum over what is left out above which the share of questions that lose something is at most
            ``1 - keep``, in expectation over questions like those calibrated on.

        Raises
        ------
        ValueError
            If there are too few questions for ``keep``.
        """
        n = len(self.needed)
        if (place := place_of(keep, n)) > n:
            raise ValueError(
                f"keep={keep!r} needs a calibration on at least {least_questions(keep)} questions, "
                f"got one on {n} for the encoder {self.encoder!r}"
            )
        return float(self.needed[place - 1])

    def is_kept(self, left_out: float, keep: float) -> bool:
        """Return whether a promise is kept by the level, and this call's own chance reaches it too."""
        return bool(left_out > self.level(keep) and self.chance(left_out) >= keep)

    def save(self, path: Path, **about: Any) -> None:
        """Write a JSON file, with what else there is to say ``about`` it."""
        write_whole(path, (json.dumps({**about, **self.as_dict()}) + "\n").encode())

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain data that JSON can hold."""
        return {
            "encoder": self.encoder,
            "version": self.version,
            "needed": [None if math.isinf(v) else float(f"{v:.6g}") for v in self.needed.tolist()],
            "confidence": [round(v, 5) for v in self.confidence],
            "answerable": [round(v, 5) for v in self.answerable],
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Calibration:
        """Read what `as_dict` returned; raise ValueError for anything else."""
        try:
            needed = np.array([math.inf if v is None else float(v) for v in found["needed"]], np.float64)
            a, b = (float(v) for v in found["confidence"])
            answerable = tuple(float(v) for v in found["answerable"])
            made = cls(str(found["encoder"]), str(found["version"]), needed, (a, b), answerable)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not what semtoken calibrate writes: {error!r:.200}") from None
        if len(answerable) != len(SIGNS) + 1:
            raise ValueError(f"answerable must have {len(SIGNS) + 1} numbers, got {len(answerable)}")
        if np.isnan(needed).any() or (np.diff(needed) < 0).any():
            raise ValueError("needed must hold rising numbers")
        if not b > 0 or not all(map(math.isfinite, (a, b, *answerable))):
            raise ValueError("confidence must fall, and all numbers be finite")
        return made


def least_questions(keep: float) -> int:
    """Return how many questions a promise takes.

    >>> least_questions(0.9), least_questions(0.95), least_questions(0.99)
    (9, 19, 99)
    """
    return math.ceil(keep / (1.0 - keep) - 1e-9)


def place_of(keep: float, questions: int) -> int:
    """Return which of the questions, from 1 and by rising need, bounds a promise; more than all: none does.

    The share of all questions that need less is distributed as Beta(place, questions + 1 - place) over
    calibrations on so many questions.

    >>> place_of(0.9, 99), place_of(0.9, 8)
    (90, 9)
    """
    return max(1, math.ceil(keep * (questions + 1) - 1e-9))


@cache
def version_of(encoder: str) -> str:
    """Return a digest of what the chances of an encoder's scores come from: its weights and the forest."""
    weights = json.dumps(fitted(encoder), sort_keys=True)
    return hashlib.sha256(weights.encode() + FOREST.read_bytes()).hexdigest()[:8]


@cache
def shipped_calibrations() -> Mapping[str, Calibration]:
    """Return the calibrations of this package by the name of the encoder."""
    table = json.loads(SHIPPED.read_text(encoding="utf-8"))["encoders"]
    return {row["encoder"]: Calibration.from_dict(row) for row in table}


def find_calibration(given: str | Path | None, encoder: str) -> Calibration | None:
    """Return the calibration of an encoder.

    Parameters
    ----------
    given
        A file that ``semtoken calibrate`` wrote; None takes the package's own.
    encoder
        Name of the encoder.

    Returns
    -------
    Calibration or None
        None if no file is given and the package has none for the encoder.

    Raises
    ------
    ValueError
        If the file is no calibration, or for another encoder or version; the message has both.
    """
    if given is None:
        made = shipped_calibrations().get(encoder)
        return made if made is not None and made.version == version_of(encoder) else None
    try:
        made = Calibration.from_dict(json.loads(Path(given).read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(
            f"calibration must be a file of semtoken calibrate, got {given!s}: {error}"
        ) from None
    if made.encoder != encoder:
        raise ValueError(
            f"the calibration {str(given)!r} is for the encoder {made.encoder!r}, got the encoder {encoder!r}"
        )
    if made.version != version_of(encoder):
        raise ValueError(
            f"the calibration {str(given)!r} is for the version {made.version!r}, got {version_of(encoder)!r}"
        )
    return made
