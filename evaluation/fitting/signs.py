"""Which signs of relevance and bridge pay: ``python -m evaluation.fitting.signs --encoder static``.

Weights are fitted on one half of the questions that `evaluation.data.slices` keeps for fitting and judged on
the other, both ways: with all signs, with late interaction and titles alone, and that with one sign more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evaluation.data import options
from evaluation.data.slices import Question, drawn
from evaluation.fitting.fit import NAMES, choices, fit
from semtoken_rag import SemToken
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.result import CompressedChunk
from semtoken_rag.stages.bridge import Bridge
from semtoken_rag.stages.relevance import Relevance
from semtoken_rag.store import MemoryStore
from semtoken_rag.strategy.default import SemTokenStrategy
from semtoken_rag.train.examples import Example

FIRST = ("late", "late_own", "bridge:title_mentioned", "bridge:mentions_title")
RATIOS = (0.1, 0.2)


def share_kept(asked: Example, kept: Sequence[CompressedChunk]) -> float:
    """Return the share of the gold ranges that are kept as a whole."""
    pieces = {(each.index, p.start, p.end) for each in kept for p in each.pieces}
    whole = [any(c == i and a <= s and e <= b for c, a, b in pieces) for i, s, e in asked.gold]
    return sum(whole) / len(whole)


def judge(engine: SemToken, data: Mapping[str, Sequence[Question]]) -> tuple[float, float]:
    """Return the mean over sources and ratios of answers, and of chains where several places answer."""
    answers, chains = [], []
    for questions in data.values():
        for ratio in RATIOS:
            shares = [
                share_kept(
                    q.example, engine.compress(q.example.chunks, q.example.question, ratio=ratio).chunks
                )
                for q in questions
            ]
            several = [share == 1 for q, share in zip(questions, shares, strict=True) if q.hops > 1]
            if several:
                chains.append(np.mean(several))
            else:
                answers.append(np.mean([share > 0 for share in shares]))
    return float(np.mean(answers)), float(np.mean(chains))


def main() -> None:
    """Judge sets of signs and print a line for each."""
    parser = options.data_parser(__doc__, sample=False, encoder="static")
    parser.add_argument("--each", type=int, default=30, help="questions of each source, in two halves")
    args = parser.parse_args()
    encoder, store = resolve_encoder(args.encoder), MemoryStore(2**31)
    halves: list[dict[str, list[Question]]] = [{}, {}]
    for name, questions in drawn(args.data, "fit", args.each).items():
        for i, question in enumerate(questions):
            halves[i % 2].setdefault(name, []).append(question)
    made = [
        [c for qs in half.values() for q in qs for c in choices(q.example, encoder, 1 / len(qs))]
        for half in halves
    ]
    tried = {"all": NAMES, "first": FIRST, **{f"+ {n}": (*FIRST, n) for n in NAMES if n not in FIRST}}
    print(f"{'signs':24s} answers  chains")
    for label, names in tried.items():
        found = []
        for fitted, judged in ((0, 1), (1, 0)):
            weights = fit(made[fitted], names)[0]
            rule = SemTokenStrategy(
                relevance=Relevance(weights["relevance"]), bridge=Bridge(weights=weights["bridge"])
            )
            found.append(judge(SemToken(encoder=encoder, store=store, strategy=rule), halves[judged]))
        answers, chains = np.mean(found, 0)
        print(f"{label:24s}   {answers:.3f}   {chains:.3f}", flush=True)


if __name__ == "__main__":
    main()
