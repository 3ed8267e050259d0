"""Train the shipped encoder: ``python -m evaluation.fitting.train --data FOLDER``.

All weights of all-MiniLM-L6-v2, on questions of many sources, see `evaluation.fitting.mixture`. An
interrupted training goes on where it was, within three minutes.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from evaluation.data import options
from evaluation.data.slices import drawn, sources
from evaluation.fitting.mixture import mixed
from evaluation.judge.held import judged
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.encoders.verify import SHIPPED_FILE
from semtoken_rag.train.augment import Augmentation
from semtoken_rag.train.trainer import Recipe, Trainer

BASE = "minilm"
STATE = Path(".train")
QUESTIONS = 15_000
CHECKED, REPORTED = 2, 20  # held-back questions of each source at a check, and at the end
RECIPE = Recipe(
    rank=None,
    learning_rate=1e-4,
    epochs=1,
    checks=5,
    patience=5,
    augmentation=Augmentation(title_dropout=1 / 3, recut=1 / 3, limit=600),
    strengths=(1.0,),
)


def main() -> None:
    """Train, write the file, and print what it was before and after by source."""
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--learning-rate", type=float, default=RECIPE.learning_rate)
    parser.add_argument("--state", type=Path, default=STATE, help="what an interrupted one goes on from")
    parser.add_argument("--out", type=Path, default=SHIPPED_FILE)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    held = [q.example for questions in drawn(args.data, "held", CHECKED).values() for q in questions]
    examples = mixed(sources(args.data, "train"), args.questions)
    start = time.perf_counter()
    base = resolve_encoder(BASE)
    trainer = Trainer(base, replace(RECIPE, learning_rate=args.learning_rate))
    with tqdm(unit="step") as bar:

        def progress(step: int, total: int, loss: float) -> None:
            bar.total, bar.n = total, step
            bar.set_postfix(loss=f"{loss:.3f}")

        trainer.run(examples, held, progress, args.state)
    trainer.save(args.out, BASE)
    minutes = (time.perf_counter() - start) / 60
    size = args.out.stat().st_size / 1e6
    print(f"{minutes:.0f} minutes, {len(examples)} questions, {size:.1f} MB {args.out}", flush=True)
    asked = [q for questions in drawn(args.data, "held", REPORTED).values() for q in questions]
    for name, encoder in (("before", base), ("after", OnnxEncoder(args.out))):
        print(json.dumps({"encoder": name, **judged(asked, encoder)}), flush=True)


if __name__ == "__main__":
    main()
