"""Which signs pay: ``python -m evaluation.fitting.signs --encoder static``.

Begins with late interaction and the bridge of titles, and adds one sign after the other, as long as the best
adds `LEAST` to the mean of answers or of chains. Weights are fitted on one half of the questions that
`evaluation.data.slices` keeps for fitting, and judged on the other. A retriever's score is that of BM25.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from rank_bm25 import BM25Okapi

from evaluation.data import options
from evaluation.data.slices import Question, drawn
from evaluation.fitting.fit import NAMES, Choice, choices, fit
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
LEAST = 0.005


def scored(asked: Example) -> Example:
    """Return a question whose chunks have the score of a lexical retriever."""
    scores = BM25Okapi([c.text.lower().split() for c in asked.chunks]).get_scores(
        asked.question.lower().split()
    )
    return replace(
        asked, chunks=[replace(c, score=float(s)) for c, s in zip(asked.chunks, scores, strict=True)]
    )


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
                share_kept(q.example, kept.chunks)
                for q in questions
                for kept in [engine.compress(q.example.chunks, q.example.question, ratio=ratio)]
            ]
            several = [share == 1 for q, share in zip(questions, shares, strict=True) if q.hops > 1]
            if several:
                chains.append(np.mean(several))
            else:
                answers.append(np.mean([share > 0 for share in shares]))
    return float(np.mean(answers)), float(np.mean(chains))


def main() -> None:
    """Add signs and print each step."""
    parser = options.data_parser(__doc__, sample=False, encoder="static")
    parser.add_argument("--each", type=int, default=24, help="questions of each source, in two halves")
    args = parser.parse_args()
    encoder = resolve_encoder(args.encoder)
    store = MemoryStore(2**31)
    halves: list[dict[str, list[Question]]] = [{}, {}]
    for name, questions in drawn(args.data, "fit", args.each).items():
        for i, question in enumerate(questions):
            halves[i % 2].setdefault(name, []).append(replace(question, example=scored(question.example)))
    made: list[Choice] = [
        c for qs in halves[0].values() for q in qs for c in choices(q.example, encoder, 1 / len(qs))
    ]

    def tried(names: Sequence[str]) -> tuple[float, float]:
        weights = fit(made, names)[0]
        rule = SemTokenStrategy(
            relevance=Relevance(weights["relevance"]), bridge=Bridge(weights=weights["bridge"])
        )
        found = judge(SemToken(encoder=encoder, store=store, strategy=rule), halves[1])
        print(f"{found[0]:.4f} {found[1]:.4f}  {' '.join(names)}", flush=True)
        return found

    names, best = list(FIRST), tried(FIRST)
    while rest := [name for name in NAMES if name not in names]:
        found = {name: tried([*names, name]) for name in rest}
        gain, name = max((max(np.subtract(found[name], best)), name) for name in rest)
        if gain < LEAST:
            break
        names, best = [*names, name], found[name]
        print(f"+ {name} {gain:.4f}", flush=True)
    tried(NAMES)


if __name__ == "__main__":
    main()
