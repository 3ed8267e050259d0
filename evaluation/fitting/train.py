"""Train the shipped adapter on the training part: ``python -m evaluation.fitting.train --data FOLDER``.

The training part is dealt into folds. One adapter is trained for each fold, on all others, and judged on it;
the shipped one is their mean (arxiv.org/abs/2203.05482). The adapters of the folds are kept, since
`evaluation.fitting.fit` needs vectors of questions that no training has seen.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from evaluation.data import options
from evaluation.data.sets import FOLDS, training
from semtoken_rag.encoders import adapter
from semtoken_rag.encoders.registry import ADAPTER, resolve_encoder
from semtoken_rag.train.examples import Example
from semtoken_rag.train.trainer import Check, Recipe, Trainer

PARTS = Path(".train")  # the adapters of the folds


def of_fold(folder: Path, fold: int) -> Path:
    """Where the adapter is that never saw a fold."""
    return folder / f"fold{fold}.safetensors"


def lessons(
    sets: Mapping[str, Sequence[Sequence[Example]]], fold: int, each: int, checked: int
) -> tuple[list[Example], list[Example]]:
    """Examples for a fold's training, ``each`` of every set, and ``checked`` of the fold, set by set.

    A set with fewer repeats.
    """
    kept, held = [], []
    for parts in sets.values():
        others = [e for i, part in enumerate(parts) if i != fold for e in part]
        kept += (others * -(-each // len(others)))[:each]
        held += parts[fold][:checked]
    return kept, held


def trained(
    fold: int, examples: Sequence[Example], held: Sequence[Example], recipe: Recipe
) -> tuple[Trainer, Check, Check]:
    """Train the adapter of one fold: the trainer, and what it was before and after on the fold."""
    trainer = Trainer(resolve_encoder("minilm"), recipe)
    with tqdm(unit="step", desc=f"fold {fold}") as bar:

        def progress(step: int, total: int, loss: float) -> None:
            bar.total, bar.n = total, step
            bar.set_postfix(loss=f"{loss:.3f}")

        checks = trainer.run(examples, held, progress)
    return trainer, checks[0], checks[-1]


def main() -> None:
    """Train, write the adapters, and print each fold before and after."""
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--each", type=int, default=220, help="examples of each set; a small set repeats")
    parser.add_argument("--checked", type=int, default=20, help="of each set, of the fold that is left out")
    parser.add_argument("--learning-rate", type=float, default=Recipe().learning_rate)
    parser.add_argument("--parts", type=Path, default=PARTS, help="for the adapters of the folds")
    parser.add_argument("--out", type=Path, default=ADAPTER)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sets, changes, start = training(args.data), [], time.perf_counter()
    for fold in range(FOLDS):
        recipe = Recipe(epochs=1, learning_rate=args.learning_rate, checks=2, seed=fold, strengths=(1.0,))
        trainer, before, after = trained(fold, *lessons(sets, fold, args.each, args.checked), recipe)
        trainer.save(of_fold(args.parts, fold), "minilm")
        changes.append(trainer.factors)
        for name, check in (("before", before), ("after", after)):
            print(json.dumps({"fold": fold, name: check.step, "loss": check.loss, "recall": check.recall}))
    mean = adapter.average(changes, recipe.rank)
    adapter.save(
        args.out,
        mean,
        {"base": "minilm", "script": "python -m evaluation.fitting.train", "folds": str(FOLDS)},
    )
    print(f"{time.perf_counter() - start:.0f} s, {args.out.stat().st_size / 1e6:.2f} MB, {args.out}")


if __name__ == "__main__":
    main()
