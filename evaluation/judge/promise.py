"""Whether chances hold what they say: ``python -m evaluation.judge.promise``.

On the held-back slices, and with ``--part report`` on the reporting part:

  promise     of each ``keep``, the share of questions that lost nothing wanted, with its 95 % binomial
              interval, and the share of the tokens that were kept; by source too
  calibration expected calibration errors of the units' chances and of the confidence, with the bins
  answerable  AUROC, and the share of questions caught whose gold chunks were taken out, at 5 % false alarms
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from evaluation.data import options
from evaluation.data.sets import example, rows
from evaluation.data.slices import Question, drawn
from evaluation.fitting.chances import outcomes_of, setup_of
from evaluation.judge.retention import SETS
from semtoken_rag.calibrate.check import calibration_error, end, reliability, told_apart
from semtoken_rag.calibrate.fit import states
from semtoken_rag.calibrate.outcomes import Outcome
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.result import CHANCE
from semtoken_rag.stages.calibration import Calibration, find_calibration
from semtoken_rag.types import BoolArray, FloatArray

KEEPS = (0.8, 0.9, 0.95)


def promise(found: Sequence[Outcome], calibration: Calibration, keep: float) -> dict[str, Any]:
    """Return the share of the questions that lost nothing, its interval, and the tokens kept."""
    ends = [end(made, calibration, keep) for made in found]
    held = sum(bool(made.survives[end]) for made, end in zip(found, ends, strict=True))
    bounds = binomtest(held, len(found)).proportion_ci()
    return {
        "n": len(found),
        "share": round(held / len(found), 3),
        "interval": [round(bounds.low, 3), round(bounds.high, 3)],
        "tokens": round(float(np.mean([m.tokens[e] for m, e in zip(found, ends, strict=True)])), 3),
    }


def errors(told: FloatArray, true: BoolArray) -> dict[str, Any]:
    """Return the expected calibration error of chances (n,) and what came true (n,), and the bins."""
    bins = reliability(told, true)
    return {"error": round(calibration_error(bins), 4), "bins": [[round(v, 3) for v in row] for row in bins]}


def separation(has: Sequence[float], lacks: Sequence[float]) -> dict[str, Any]:
    """Return how well chances tell questions that have an answer from those that lack one."""
    auroc, caught = told_apart(has, lacks)
    return {"n": [len(has), len(lacks)], "auroc": round(auroc, 3), "caught": round(caught, 3)}


def judge(by_source: Mapping[str, Sequence[Question]], encoder: str) -> dict[str, Any]:
    """Judge an encoder's shipped calibration on questions by source."""
    resolved = resolve_encoder(encoder)
    if (calibration := find_calibration(None, resolved.name)) is None:
        raise ValueError(f"no calibration of the encoder {resolved.name!r}")
    setup = setup_of(resolved)
    *weights, constant = calibration.answerable
    found = {name: outcomes_of(questions, setup) for name, questions in by_source.items()}
    every = [made for answered, _ in found.values() for made in answered]
    left_out, survived = states(every)
    units = [(made.decided.selection.scores[CHANCE], made.wanted) for made in every]
    chance, wanted = (np.concatenate(column) for column in zip(*units, strict=True))
    scores = {
        name: [[float(m.signs @ weights) + constant for m in side] for side in sides]
        for name, sides in found.items()
    }

    def told(names: Sequence[str]) -> dict[str, Any]:
        has, lacks = ([chance for name in names for chance in scores[name][side]] for side in (0, 1))
        return separation(has, lacks)

    return {
        "encoder": resolved.name,
        "promise": {
            str(keep): {
                "all": promise(every, calibration, keep),
                **{name: promise(made, calibration, keep) for name, (made, _) in found.items() if made},
            }
            for keep in KEEPS
        },
        "units": errors(chance[chance > 0], wanted[chance > 0]),
        "confidence": errors(calibration.chance(left_out), survived),
        "answerable": {
            "all": told(list(found)),
            **{name: told([name]) for name, sides in found.items() if all(sides)},
        },
    }


def main() -> None:
    """Judge and print."""
    parser = options.data_parser(__doc__, encoder="auto", n=100)
    parser.add_argument("--part", choices=["held", "report"], default="held")
    parser.add_argument("--each", type=int, default=40, help="questions of a source of the held-back slices")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    if args.part == "held":
        asked: Mapping[str, Sequence[Question]] = drawn(args.data, "held", args.each)
    else:
        asked = {
            name: [
                Question(e, name, "en", 1) for r in rows(args.data, name)[: args.n] if (e := example(r)).gold
            ]
            for name in SETS
        }
    made = judge(asked, args.encoder)
    print(json.dumps(made, indent=1))
    if args.json:
        args.json.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
