"""Fit the weights of relevance and bridge: ``python -m evaluation.fitting.fit --data FOLDER``.

On the questions that `evaluation.data.slices` keeps for it, which no encoder was trained on: on the
others its vectors are too good.

Two states of each question are fitted together, each as a listwise softmax over the units that could be kept
next: nothing is kept yet and the gold units are wanted; or, where several chunks answer, one unit is kept
(each gold unit, and the best by relevance, right or wrong) and the gold units that are left are wanted. Every
data set counts the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from evaluation.data import options
from evaluation.data.slices import drawn
from evaluation.fitting.posed import pose
from semtoken_rag.encoders import multilingual
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.encoders.verify import SHIPPED_FILE
from semtoken_rag.stages import bridge, relevance
from semtoken_rag.stages.weights import WEIGHTS
from semtoken_rag.train.examples import Example
from semtoken_rag.types import FloatArray

BRIDGE = "bridge:"
NAMES = (*relevance.FEATURES, *(BRIDGE + name for name in bridge.FEATURES))
Weights = dict[str, dict[str, float]]
# By their key in the weights, which is what their names begin with.
ENCODERS = {
    "minilm": "minilm",
    "static": "static",
    SHIPPED_FILE.stem: "auto",
    f"{SHIPPED_FILE.stem}-lookup": "lookup",
    multilingual.NAME: "multilingual",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One listwise decision: features (m, f), the wanted units, those that may be chosen, and its weight."""

    features: FloatArray
    wanted: np.ndarray  # (m,) bool
    open: np.ndarray  # (m,) bool
    weight: float


def choices(asked: Example, encoder: Encoder, weight: float) -> list[Choice]:
    """All decisions of one question."""
    if (posed := pose(asked, encoder)) is None:
        return []
    units, terms, gold = posed.asked.units, posed.asked.terms, posed.wanted
    values = relevance.features(posed.asked)
    base = np.stack([values[name] for name in relevance.FEATURES], 1)
    empty = np.zeros((len(units), len(bridge.FEATURES)), np.float32)
    made = [Choice(np.hstack([base, empty]), gold, np.ones(len(units), bool), weight)]
    if len(set(units.chunk[gold])) < 2:
        return made
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


def fit(made: Sequence[Choice], names: Sequence[str] = NAMES, steps: int = 400) -> tuple[Weights, float]:
    """Fit the weights of some signs.

    Parameters
    ----------
    made
        Decisions with all features of `NAMES`.
    names
        Those that may have a weight; those of bridging are kept at 0 or more.
    steps
        Steps of the descent.

    Returns
    -------
    weights, loss
        Weights by stage and name, of ``names`` alone, and the loss reached.
    """
    columns = [NAMES.index(name) for name in names]
    weights = torch.zeros(len(columns), requires_grad=True)
    size = max(len(c.wanted) for c in made)
    features = torch.zeros(len(made), size, len(columns))
    wanted = torch.zeros(len(made), size, dtype=torch.bool)
    closed = torch.ones(len(made), size, dtype=torch.bool)
    for i, c in enumerate(made):
        m = len(c.wanted)
        features[i, :m], wanted[i, :m] = torch.from_numpy(c.features[:, columns]), torch.from_numpy(c.wanted)
        closed[i, :m] = torch.from_numpy(~c.open)
    share = torch.tensor([c.weight for c in made])
    share = share / share.sum()
    optimizer = torch.optim.Adam([weights], lr=0.05)
    bridging = torch.tensor([name.startswith(BRIDGE) for name in names])
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
            weights[bridging] = weights[bridging].clamp(min=0.0)
    values = dict(zip(names, (round(w, 4) for w in weights.tolist()), strict=True))
    fitted = {
        "relevance": {name: w for name, w in values.items() if not name.startswith(BRIDGE)},
        "bridge": {name.removeprefix(BRIDGE): w for name, w in values.items() if name.startswith(BRIDGE)},
    }
    return fitted, float(loss.detach())


def main() -> None:
    """Fit every encoder and write the weights with where they come from."""
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--each", type=int, default=30, help="questions of each source")
    parser.add_argument("--encoders", nargs="+", choices=ENCODERS, default=list(ENCODERS))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    table = json.loads(args.out.read_text(encoding="utf-8")) if args.out.exists() else {}
    encoders = table.get("encoders", {})
    data = drawn(args.data, "fit", args.each)
    for key in args.encoders:
        encoder = resolve_encoder(ENCODERS[key])
        made = [
            choice
            for questions in data.values()
            for question in questions
            for choice in choices(question.example, encoder, 1 / len(questions))
        ]
        found, loss = fit(made)
        encoders[key] = {**encoders.get(key, {}), **found}
        print(f"{key}: {len(made)} decisions, loss {loss:.4f}\n{json.dumps(encoders[key])}", flush=True)
    used = {name: len(questions) for name, questions in data.items()}
    provenance = {"script": "python -m evaluation.fitting.fit", "questions": used}
    table |= {"provenance": {**table.get("provenance", {}), **provenance}, "encoders": encoders}
    args.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
