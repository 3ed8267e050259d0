"""Train the shipped adapter on the training part: ``python -m evaluation.train --data FOLDER``."""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path

from tqdm import tqdm

from evaluation.data import training
from semtoken_rag.encoders.auto import ADAPTER, resolve
from semtoken_rag.train.trainer import Recipe, Trainer


def main() -> None:
    """Train, write the adapter, and print the checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--each", type=int, default=450, help="examples of each set; a small set repeats")
    parser.add_argument("--checked", type=int, default=24, help="held-back examples of each set to check")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=Recipe().learning_rate)
    parser.add_argument("--runs", type=int, default=1, help="trainings whose changes are averaged")
    parser.add_argument("--strengths", type=float, nargs="+", default=[1.0], help="of the change, best wins")
    parser.add_argument("--out", type=Path, default=ADAPTER)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    halves = training(args.data).values()
    examples = [e for kept, _ in halves for e in (kept * -(-args.each // len(kept)))[: args.each]]
    held_back = [e for _, held in halves for e in held[: args.checked]]
    recipe = Recipe(
        epochs=args.epochs,
        learning_rate=args.learning_rate,
        runs=args.runs,
        strengths=tuple(args.strengths),
    )
    trainer = Trainer(resolve("minilm"), recipe)
    start = time.perf_counter()
    with tqdm(unit="step") as bar:

        def progress(step: int, total: int, loss: float) -> None:
            bar.total, bar.n = total, step
            bar.set_postfix(loss=f"{loss:.3f}")

        checks = trainer.run(examples, held_back, progress)
    trainer.save(args.out, "minilm")
    for check in checks:
        print(json.dumps({"step": check.step, "loss": check.loss, "recall": check.recall}))
    print(f"{time.perf_counter() - start:.0f} s, {args.out.stat().st_size / 1e6:.2f} MB, {args.out}")


if __name__ == "__main__":
    main()
