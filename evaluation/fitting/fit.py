"""Fit the weights of relevance and bridge: ``python -m evaluation.fitting.fit --data FOLDER``.

On questions of the training part, each with the vectors of an adapter that never saw it, one of the folds
that `evaluation.fitting.train` leaves behind: on the others its vectors are too good.

Two states of each question are fitted together, each as a listwise softmax over the units that could be kept
next: nothing is kept yet and the gold units are wanted; or one unit is kept (each gold unit, and the best by
relevance, right or wrong) and the gold units that are left are wanted. Every data set counts the same.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from evaluation.data import options
from evaluation.data.sets import FOLDS, training
from evaluation.fitting.distill import distill
from evaluation.fitting.train import PARTS, of_fold
from semtoken_rag.encoders.base import Encoder, encode_call
from semtoken_rag.encoders.lookup import LookupEncoder
from semtoken_rag.encoders.registry import ADAPTER, resolve_encoder
from semtoken_rag.encoders.static import StaticEncoder
from semtoken_rag.stages import bridge, relevance
from semtoken_rag.stages.segment import build_units
from semtoken_rag.stages.terms import Terms
from semtoken_rag.stages.weights import WEIGHTS
from semtoken_rag.train.examples import Example
from semtoken_rag.types import FloatArray, Tokens

NAMES = [*relevance.FEATURES, *(f"bridge:{name}" for name in bridge.FEATURES)]


@dataclass(frozen=True, slots=True)
class Choice:
    """One listwise decision: features (m, f), the wanted units, those that may be chosen, and its weight."""

    features: FloatArray
    wanted: np.ndarray  # (m,) bool
    open: np.ndarray  # (m,) bool
    weight: float


def choices(asked: Example, encoder: Encoder, weight: float) -> list[Choice]:
    """All decisions of one question."""
    texts, titles = [c.text for c in asked.chunks], [c.title for c in asked.chunks]
    encodings, query = encode_call(encoder, texts, titles, asked.question)
    tokens = Tokens.concatenate(encodings)
    units = build_units(asked.chunks, tokens)
    gold = asked.wanted(units)
    if query is None or not gold.any() or gold.all():
        return []
    terms = Terms.of(tokens, units, query.encoding.ids)
    values = relevance.features(query, asked.chunks, tokens, units, terms)
    base = np.stack([values[name] for name in relevance.FEATURES], 1)
    empty = np.zeros((len(units), len(bridge.FEATURES)), np.float32)
    made = [Choice(np.hstack([base, empty]), gold, np.ones(len(units), bool), weight)]
    first = int(values["late"].argmax())
    for kept in {first, *np.flatnonzero(gold).tolist()}:
        wanted = gold.copy()
        wanted[kept] = False
        if wanted.any():
            gains = bridge.features(kept, units, terms)
            lent = np.stack([gains[name] for name in bridge.FEATURES], 1)
            still = np.arange(len(units)) != kept
            made.append(Choice(np.hstack([base, lent]), wanted, still, weight / (1 + gold.sum())))
    return made


def fit(made: Sequence[Choice], steps: int = 400) -> tuple[dict[str, dict[str, float]], float]:
    """Weights by stage and name, and the loss reached; the weights of bridging are kept at 0 or more."""
    weights = torch.zeros(len(NAMES), requires_grad=True)
    size = max(len(c.wanted) for c in made)
    features = torch.zeros(len(made), size, len(NAMES))
    wanted = torch.zeros(len(made), size, dtype=torch.bool)
    closed = torch.ones(len(made), size, dtype=torch.bool)
    for i, c in enumerate(made):
        m = len(c.wanted)
        features[i, :m], wanted[i, :m] = torch.from_numpy(c.features), torch.from_numpy(c.wanted)
        closed[i, :m] = torch.from_numpy(~c.open)
    share = torch.tensor([c.weight for c in made])
    share = share / share.sum()
    optimizer = torch.optim.Adam([weights], lr=0.05)
    bridging = len(relevance.FEATURES)
    loss = torch.tensor(0.0)
    for _ in range(steps):
        logits = (features @ weights).masked_fill(closed, -1e4)
        rest = torch.logsumexp(logits.masked_fill(wanted, -1e4), 1, keepdim=True)
        each = torch.nn.functional.softplus(rest - logits) * wanted
        loss = (each.sum(1) / wanted.sum(1) * share).sum() + 1e-3 * weights.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            weights[bridging:].clamp_(min=0.0)
    values = [round(w, 4) for w in weights.tolist()]
    fitted = {
        "relevance": dict(zip(relevance.FEATURES, values[:bridging], strict=True)),
        "bridge": dict(zip(bridge.FEATURES, values[bridging:], strict=True)),
    }
    return fitted, float(loss.detach())


@dataclass(frozen=True, slots=True)
class Fold:
    """What was made without one of the folds: an adapter, and the folder with the tables of it."""

    adapter: Path
    tables: Path


# By their key in the weights, which is what their names begin with.
ENCODERS: Mapping[str, Callable[[Fold], Encoder]] = {
    "minilm": lambda fold: resolve_encoder("minilm"),
    "static": lambda fold: StaticEncoder(fold.tables / "static"),
    ADAPTER.stem: lambda fold: resolve_encoder(fold.adapter),
    f"{ADAPTER.stem}-lookup": lambda fold: LookupEncoder(
        lambda: resolve_encoder(fold.adapter), ADAPTER.stem, fold.tables / "questions.npy"
    ),
}


def main() -> None:
    """Fit every encoder and write the weights with where they come from."""
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--parts", type=Path, default=PARTS, help="the adapters of the folds, of make train")
    parser.add_argument("--each", type=int, default=50, help="questions of each set and fold")
    parser.add_argument("--encoders", nargs="+", choices=ENCODERS, default=list(ENCODERS))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    table = json.loads(args.out.read_text(encoding="utf-8")) if args.out.exists() else {}
    encoders = table.get("encoders", {})
    data = {name: [part[: args.each] for part in parts] for name, parts in training(args.data).items()}
    used = {name: sum(map(len, parts)) for name, parts in data.items()}
    with tempfile.TemporaryDirectory() as folder:
        folds = [Fold(of_fold(args.parts, i), Path(folder) / str(i)) for i in range(FOLDS)]
        for fold in folds:
            distill(fold.tables, fold.adapter)
        for key in args.encoders:
            made = [
                choice
                for i, fold in enumerate(folds)
                for encoder in [ENCODERS[key](fold)]
                for name, parts in data.items()
                for example in parts[i]
                for choice in choices(example, encoder, 1 / used[name])
            ]
            found, loss = fit(made)
            encoders[key] = {**encoders.get(key, {}), **found}
            print(f"{key}: {len(made)} decisions, loss {loss:.4f}\n{json.dumps(encoders[key])}", flush=True)
    provenance = {
        **table.get("provenance", {}),
        "script": "python -m evaluation.fitting.fit",
        "questions": used,
    }
    args.out.write_text(
        json.dumps({"provenance": provenance, "encoders": encoders}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
