"""Gold by late interaction alone on held-back slices: ``python -m evaluation.judge.held --encoders auto``.

For each question: the share of the gold units among the best units that fit a tenth and a fifth of the
tokens. By source, language, and kind of document; a mean over sources counts every source the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.data import options
from evaluation.data.slices import Question, drawn
from evaluation.fitting.mixture import OF_FACTS
from evaluation.fitting.posed import pose
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.stages.relevance import features
from semtoken_rag.train.examples import Example
from semtoken_rag.train.loss import recall

RATIOS = (0.1, 0.2)
KINDS: Mapping[str, tuple[str, ...]] = {
    "meetings": ("qmsum_train",),
    "papers": ("covid_qa", "qasper_uda"),
    "tables": ("tatqa_dev400",),
    "single facts": (*OF_FACTS, "climate_fever", "foolmetwice"),
    "public authorities": ("swequad", "faquad"),
}
ENCYCLOPAEDIA = "encyclopaedia"  # the kind of all others


def gold_found(asked: Example, encoder: Encoder) -> list[float] | None:
    """Return the share of the gold that is among the best units, for each of `RATIOS`; None without gold."""
    if (posed := pose(asked, encoder)) is None:
        return None
    late = features(posed.asked)["late"]
    cost = posed.asked.units.tokens[:, 1] - posed.asked.units.tokens[:, 0]
    return [recall(late, posed.wanted, cost, ratio) for ratio in RATIOS]


def kind(source: str) -> str:
    """Return the kind of document of a source."""
    return next((name for name, members in KINDS.items() if source in members), ENCYCLOPAEDIA)


def means(found: Sequence[tuple[Question, list[float]]], key: Callable[[Question], str]) -> dict[str, Any]:
    """Return by key the number of questions and their mean for each ratio."""
    groups: dict[str, list[list[float]]] = {}
    for question, shares in found:
        groups.setdefault(key(question), []).append(shares)
    return {name: [len(g), *np.mean(g, 0).round(3).tolist()] for name, g in sorted(groups.items())}


def judged(asked: Sequence[Question], encoder: Encoder) -> dict[str, Any]:
    """Return the shares by source, language and kind of document, and their mean over sources."""
    found = [(q, shares) for q in asked if (shares := gold_found(q.example, encoder))]
    by_source = means(found, lambda q: q.source)
    return {
        "source": by_source,
        "language": means(found, lambda q: q.language),
        "kind": means(found, lambda q: kind(q.source)),
        "mean": np.mean([row[1:] for row in by_source.values()], 0).round(3).tolist(),
    }


def main() -> None:
    """Judge and print."""
    parser = options.data_parser(__doc__)
    parser.add_argument("--encoders", nargs="+", default=["auto", "static"], help="names or files")
    parser.add_argument("--part", choices=["held", "fit"], default="held")
    parser.add_argument("--each", type=int, default=40, help="questions of a source")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    asked = [q for questions in drawn(args.data, args.part, args.each).values() for q in questions]
    figures = {}
    for name in args.encoders:
        figures[name] = judged(asked, resolve_encoder(name))
        print(name, json.dumps(figures[name]), flush=True)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
