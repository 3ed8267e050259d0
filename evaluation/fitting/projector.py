"""Train a projector for a reader on the training part: ``python -m evaluation.fitting.projector``.

Compares, on questions held back, how far the reader's answers from the compressed context are from those it
gives from the whole one (KL, nats a token): with nothing, with a medoid, and with the projector in place of
what was left out. A few minutes on a CPU are a smoke test (``--steps 20 --n 20``), not a training.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from evaluation.data import options
from evaluation.data.sets import chunks, rows
from evaluation.metrics import answerable
from evaluation.readers.arms import load
from semtoken_rag import SemToken
from semtoken_rag.llm.merge import RUN, Drop, Medoid
from semtoken_rag.llm.model import hidden_size
from semtoken_rag.llm.settings import Settings
from semtoken_rag.train.projector import Lesson, Projector, distil, divergence


def main() -> None:
    """Train, compare, save."""
    parser = options.data_parser(__doc__, sample=False, set="hotpotqa_reflexion100", n=80, encoder="auto")
    parser.add_argument("--reader", default="smollm2")
    parser.add_argument("--ratio", type=float, default=0.25)
    parser.add_argument("--run", type=int, default=RUN, help="tokens that one embedding stands for")
    parser.add_argument("--held", type=int, default=10, help="of these, held back")
    parser.add_argument("--most", type=int, default=10, help="chunks of a question")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--out", type=Path, default=Path("projector.safetensors"))
    args = parser.parse_args()
    llm = load(args.reader, Settings(titles=False))
    engine = SemToken(encoder=args.encoder, token_counter=llm.tokenizer)
    lessons = []
    for row in [row for row in rows(args.data, args.set) if answerable(row)][: args.n]:
        given = chunks(row)[: args.most]
        context = engine.compress(given, row["question"], ratio=args.ratio)
        lessons.append(Lesson(row["question"], context, given, row["answers"][0]))
    held, kept = lessons[: args.held], lessons[args.held :]
    torch.manual_seed(0)
    projector = Projector(hidden_size(llm.model), run=args.run).to(llm.model.device)
    with tqdm(total=args.steps, unit="step", disable=None) as bar:

        def progress(step: int, total: int, loss: float) -> None:
            bar.n = step
            bar.set_postfix(loss=f"{loss:.3f}")

        distil(
            llm,
            projector,
            lessons=kept,
            steps=args.steps,
            learning_rate=args.learning_rate,
            progress=progress,
        )
    for name, merger in (("nothing", Drop()), ("medoid", Medoid(args.run)), ("projector", projector)):
        with torch.no_grad():
            apart = [float(divergence(llm, lesson, merger=merger)) for lesson in held]
        print(f"{name:10s} {np.mean(apart):.3f} nats a token from the whole context, {len(held)} questions")
    projector.save(args.out)


if __name__ == "__main__":
    main()
