"""Fit how much letters count beside vectors: ``python -m evaluation.fitting.lexical --data FOLDER``.

On questions of all languages that no encoder is trained on, see `evaluation.data.languages`. Each question is
a listwise softmax over its units, of which the gold ones are wanted. The weights of relevance are taken as
they are, so this comes after `evaluation.fitting.fit`; only weights of letters are written.
``--encoders FILE`` fits another encoder. Questions that the encoder knows say nothing here and are left out.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evaluation.data import options
from evaluation.data.languages import by_language
from evaluation.data.sets import example
from evaluation.fitting.posed import pose
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.stages import lexical
from semtoken_rag.stages.relevance import Relevance
from semtoken_rag.stages.weights import WEIGHTS
from semtoken_rag.train.examples import Example
from semtoken_rag.types import FloatArray

NAMES = ("auto", "static", "lookup", "minilm")
ENGLISH = 4  # times as many questions as of another language


@dataclass(frozen=True, slots=True)
class Choice:
    """One listwise decision: relevance by vectors (m,), features of letters (m, f), and what is wanted."""

    relevance: FloatArray
    features: FloatArray
    strange: float
    wanted: np.ndarray  # (m,) bool


def choice(asked: Example, encoder: Encoder) -> Choice | None:
    """Return the decision of one question, None if letters say nothing in it."""
    if (posed := pose(asked, encoder)) is None:
        return None
    strange = posed.asked.strange
    if not strange or (found := lexical.features(asked.question, asked.chunks, posed.asked.units)) is None:
        return None
    relevance = Relevance()(posed.asked, encoder.name)
    return Choice(relevance, np.stack([found[n] for n in lexical.FEATURES], 1), strange, posed.wanted)


def fit(made: Sequence[Choice], steps: int = 300) -> tuple[dict[str, float], float]:
    """Weights by name, and the loss reached; letters never repel, and vectors lose all they say at most."""
    names = (lexical.VECTORS, *lexical.FEATURES)
    weights = torch.zeros(len(names), requires_grad=True)
    size = max(len(c.wanted) for c in made)
    known, features = torch.zeros(len(made), size), torch.zeros(len(made), size, len(names))
    wanted = torch.zeros(len(made), size, dtype=torch.bool)
    closed = torch.ones(len(made), size, dtype=torch.bool)
    for i, c in enumerate(made):
        m = len(c.wanted)
        known[i, :m] = torch.from_numpy(c.relevance)
        both = np.column_stack([c.relevance, c.features]).astype(np.float32)
        features[i, :m] = torch.from_numpy(both) * c.strange
        wanted[i, :m], closed[i, :m] = torch.from_numpy(c.wanted), False
    optimizer = torch.optim.Adam([weights], lr=0.05)
    loss = torch.tensor(0.0)
    for _ in range(steps):
        logits = (known + features @ weights).masked_fill(closed, -1e4)
        rest = torch.logsumexp(logits.masked_fill(wanted, -1e4), 1, keepdim=True)
        each = (torch.nn.functional.softplus(rest - logits) * wanted).sum(1) / wanted.sum(1)
        loss = each.mean() + 1e-3 * weights.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            weights[0].clamp_(-1.0, 0.0)
            weights[1:].clamp_(min=0.0)
    values = [round(w, 4) for w in weights.tolist()]
    return dict(zip(names, values, strict=True)), float(loss.detach())


def write(path: Path, name: str, weights: dict[str, float], used: dict[str, int]) -> None:
    """Put the weights of an encoder, and the questions used by language, into the file of all weights."""
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    table["encoders"].setdefault(name.split(":")[0], {})["lexical"] = weights
    table["provenance"]["lexical"] = {"script": "python -m evaluation.fitting.lexical", "questions": used}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Fit and write the weights of each encoder."""
    parser = options.data_parser(__doc__, sample=False)
    parser.add_argument("--each", type=int, default=30, help="questions of a language")
    parser.add_argument("--encoders", nargs="+", default=NAMES)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    rows = by_language(args.data, "fit", args.each, _has_gold, args.each * ENGLISH)
    used = {language: len(asked) for language, asked in rows.items()}
    for encoder in map(resolve_encoder, args.encoders):
        start, counted, made = time.perf_counter(), Counter[str](), []
        for language, found in _choices(rows, encoder):
            counted[language] += 1
            made.append(found)
        weights, loss = fit(made)
        write(args.out, encoder.name, weights, used)
        print(f"{encoder.name}: loss {loss:.4f}, {time.perf_counter() - start:.0f} s, {json.dumps(weights)}")
        print(f"questions that it does not know, by language: {json.dumps(counted)}", flush=True)


def _has_gold(row: dict[str, Any]) -> bool:
    return bool(example(row).gold)


def _choices(rows: dict[str, list[dict[str, Any]]], encoder: Encoder) -> Iterator[tuple[str, Choice]]:
    for language, asked in rows.items():
        for row in asked:
            if (found := choice(example(row), encoder)) is not None:
                yield language, found


if __name__ == "__main__":
    main()
