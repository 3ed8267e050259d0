"""Fit the forest of chances and the shipped calibrations: ``python -m evaluation.fitting.chances``.

On the questions that `evaluation.data.slices` keeps for fitting: the forest on half of those of each source,
the calibrations on the other half.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from tqdm import tqdm

from evaluation.data import options
from evaluation.data.slices import Question, drawn
from evaluation.fitting.fit import ENCODERS
from semtoken_rag.budget import TokenCounter
from semtoken_rag.calibrate.fit import calibrate
from semtoken_rag.calibrate.outcomes import Outcome, outcome, without_gold
from semtoken_rag.config import Config
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.engine.setup import Setup
from semtoken_rag.fingerprints.compute import Fingerprinter
from semtoken_rag.result import CHANCE
from semtoken_rag.stages.calibration import SHIPPED, Calibration
from semtoken_rag.stages.chances import FOREST, Chances
from semtoken_rag.stages.forest import Forest
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.types import BoolArray, FloatArray

TREES, LEAVES, RATE, LEAST = 100, 12, 0.1, 40  # of the forest; the least units of a leaf


@dataclass
class Recorder:
    """Stands in for a forest and remembers the signs of the units that it is asked about."""

    seen: list[FloatArray] = field(default_factory=list)

    def __call__(self, signs: FloatArray) -> FloatArray:
        """Remember, and call every unit even."""
        self.seen.append(signs)
        return np.zeros(len(signs), np.float32)


def setup_of(encoder: Encoder, chances: Chances | None = None) -> Setup:
    """Return what an engine with an encoder runs with."""
    strategy = SemTokenStrategy(chances=chances or Chances())
    return Setup(Fingerprinter(encoder), strategy, TokenCounter.of(None, encoder.count), Config())


def units_of(asked: Sequence[Question], encoder: Encoder) -> Iterator[tuple[FloatArray, BoolArray]]:
    """Yield the signs of the units of each question, and which are wanted."""
    recorder = Recorder()
    setup = setup_of(encoder, Chances(recorder))
    for question in asked:
        recorder.seen.clear()
        if (made := outcome(question.example, setup)) and recorder.seen:
            yield recorder.seen[0], made.wanted[made.decided.selection.scores[CHANCE] > 0]


def grow(signs: FloatArray, wanted: BoolArray, weight: FloatArray) -> Forest:
    """Grow a forest on units (n, f), which of them are wanted (n,), and how much each counts (n,)."""
    model = GradientBoostingClassifier(
        n_estimators=TREES,
        max_leaf_nodes=LEAVES,
        max_depth=6,
        learning_rate=RATE,
        min_samples_leaf=LEAST,
        random_state=0,
    ).fit(signs, wanted, sample_weight=weight / weight.mean())
    trees = [each.tree_ for each in model.estimators_[:, 0]]
    size = max(tree.node_count for tree in trees)

    def padded(values: Sequence[np.ndarray], kind: type) -> np.ndarray:
        out = np.zeros((len(values), size), kind)
        for row, each in zip(out, values, strict=True):
            row[: len(each)] = each
        return out

    own = [np.arange(tree.node_count) for tree in trees]
    leaf = [tree.children_left < 0 for tree in trees]
    prior = float(np.average(wanted, weights=weight))
    return Forest(
        sign=padded([np.where(end, 0, t.feature) for t, end in zip(trees, leaf, strict=True)], np.int64),
        left=padded(
            [np.where(e, o, t.children_left) for t, e, o in zip(trees, leaf, own, strict=True)], np.int64
        ),
        right=padded(
            [np.where(e, o, t.children_right) for t, e, o in zip(trees, leaf, own, strict=True)], np.int64
        ),
        bound=padded([t.threshold for t in trees], np.float32),
        value=padded(
            [np.where(e, RATE * t.value[:, 0, 0], 0.0) for t, e in zip(trees, leaf, strict=True)], np.float32
        ),
        base=float(np.log(prior / (1 - prior))),
        depth=max(tree.max_depth for tree in trees),
    )


def outcomes_of(asked: Sequence[Question], setup: Setup) -> tuple[list[Outcome], list[Outcome]]:
    """Return the outcomes of questions with their gold, and without the chunks that hold it."""
    answered, unanswered = [], []
    for question in tqdm(asked, unit="question"):
        if (made := outcome(question.example, setup)) and made.wanted.any():
            answered.append(made)
        other = without_gold(question.example)
        if other is not None and (made := outcome(other, setup)):
            unanswered.append(made)
    return answered, unanswered


def main() -> None:
    """Fit and write both files; calibrations of encoders that are not named stay as they are."""
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--each", type=int, default=60, help="questions of each source")
    parser.add_argument("--encoders", nargs="*", choices=ENCODERS, default=list(ENCODERS))
    parser.add_argument("--forest", nargs="*", choices=ENCODERS, default=[], help="grow it anew on these")
    args = parser.parse_args()
    data = drawn(args.data, "fit", args.each)
    halves = [[q for qs in data.values() for q in qs[first::2]] for first in (0, 1)]
    if args.forest:
        rows = [
            (signs, wanted, np.full(len(signs), 1 / len(data[question.source])))
            for encoder in map(resolve_encoder, map(ENCODERS.__getitem__, args.forest))
            for question in tqdm(halves[0], unit="question")
            for signs, wanted in units_of([question], encoder)
        ]
        grow(*(np.concatenate(column) for column in zip(*rows, strict=True))).save(FOREST)
    for key in args.encoders:
        encoder = resolve_encoder(ENCODERS[key])
        answered, unanswered = outcomes_of(halves[1], setup_of(encoder))
        write(calibrate(encoder.name, answered, unanswered))
        print(key, len(answered), len(unanswered), flush=True)


def write(made: Calibration) -> None:
    """Write a calibration among those shipped, in the place of an older one of the same encoder."""
    rows = json.loads(SHIPPED.read_text(encoding="utf-8"))["encoders"] if SHIPPED.exists() else []
    stem = made.encoder.split(":")[0]
    rows = [row for row in rows if row["encoder"].split(":")[0] != stem] + [made.as_dict()]
    lines = ",\n  ".join(map(json.dumps, sorted(rows, key=itemgetter("encoder"))))
    about = f' "script": "python -m evaluation.fitting.chances",\n "encoders": [\n  {lines}\n ]'
    SHIPPED.write_text(f"{{\n{about}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
