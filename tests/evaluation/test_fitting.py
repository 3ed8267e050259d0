"""How the shipped encoder and weights are made: the mixture, the training, and the fit."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from evaluation.data import slices
from evaluation.data.languages import by_language
from evaluation.data.slices import SLICES, Question, drawn, slice_of, sources
from evaluation.fitting import train
from evaluation.fitting.fit import ENCODERS, NAMES, Choice, fit
from evaluation.fitting.mixture import mixed, share
from semtoken_rag import Chunk
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.transformer import TransformerEncoder
from semtoken_rag.stages.relevance import FEATURES
from semtoken_rag.stages.weights import WEIGHTS
from semtoken_rag.train.examples import Example

WORDS = ("it", "was", "a", "day", "nothing", "happened", "cat", "mews", "dog", "barks", "bird", "sings")


def row(number: int, **more: Any) -> dict[str, Any]:
    sound = ("mews", "barks", "sings")[number % 3]
    text = f"It was a day {'.' * number} It {sound}."
    documents = [
        {"id": "a", "title": "", "text": text, "is_gold": True, "answer_start": [len(text) - len(sound) - 1]},
        {"id": "b", "title": "", "text": f"Nothing happened {number}. It {sound}.", "is_gold": False},
    ]
    return {
        "id": f"r{number}",
        "question": f"it {sound} ?",
        "answers": [sound],
        "documents": documents,
        **more,
    }


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """Lay out a source in two files, one in another language, and one without a licence."""
    monkeypatch.setattr(slices, "TRAINING", ())
    rows = [row(i) for i in range(60)]
    files = {
        "cats.1of2": rows[:40],
        "cats.2of2": rows[40:],
        "dogs": [row(i, lang="de") for i in range(60, 120)],
        "tquad": [row(i) for i in range(120, 180)],
    }
    (tmp_path / "train").mkdir()
    for name, lines in files.items():
        with gzip.open(tmp_path / "train" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    return tmp_path


def test_every_row_is_in_one_part(data: Path) -> None:
    found = {which: sources(data, which) for which in SLICES}
    for name in ("cats", "dogs", "tquad"):
        sizes = {which: len(by.get(name, ())) for which, by in found.items()}
        assert sum(sizes.values()) == 60
        assert sizes["train"] > 40 > sizes["fit"] + sizes["held"] > 0
    assert {slice_of(f"r{i}") for i in range(60)} == set(SLICES)


def test_rows_by_language_come_from_the_sources_in_turn(data: Path) -> None:
    found = by_language(data, "train", 9, lambda row: row["id"] != "r5", english=4)
    assert {language: len(rows) for language, rows in found.items()} == {"de": 9, "en": 4}
    assert [int(row["id"][1:]) >= 120 for row in found["en"]] == [False, True, False, True]
    with pytest.raises(FileNotFoundError, match="give --data FOLDER"):
        by_language(data / "nowhere", "train", 9, bool)


def test_the_answer_that_is_marked_is_wanted_and_no_other(data: Path) -> None:
    question = sources(data, "train")["cats"][0]
    [(chunk, start, end)] = question.example.gold
    text = question.example.chunks[chunk].text
    assert (chunk, text[start:end], end) == (0, text.split()[-1][:-1], len(text) - 1)
    assert (question.language, question.hops) == ("en", 1)


def test_a_training_has_no_source_without_a_licence_and_repeats_a_small_one_thrice_at_most(
    data: Path,
) -> None:
    by_source = sources(data, "train")
    examples = mixed(by_source, 10_000)
    assert len(examples) == 3 * (len(by_source["cats"]) + len(by_source["dogs"]))
    unknown = {q.example.question + q.example.chunks[0].text for q in by_source["tquad"]}
    assert not unknown & {e.question + e.chunks[0].text for e in examples}
    assert mixed(by_source, 50) == mixed(by_source, 50) != mixed(by_source, 50, seed=1)


def test_a_short_list_gets_chunks_of_another_row_behind_its_own_without_their_gold(data: Path) -> None:
    by_source = sources(data, "train")
    golden = {q.example.chunks[0].text for q in by_source["cats"]}
    own = {q.example.chunks[0].text: q.example for q in by_source["cats"]}
    longer = 0
    for made in mixed({"cats": by_source["cats"]}, 40):
        first = own[made.chunks[0].text]
        assert made.chunks[:2] == first.chunks
        assert made.gold == first.gold
        assert not {c.text for c in made.chunks[2:]} & golden
        longer += len(made.chunks) > 2
    assert longer > 30


def test_chains_weigh_more_and_other_languages_less() -> None:
    def questions(**more: Any) -> list[Question]:
        return [Question(Example("?", [Chunk("a")], [(0, 0, 1)]), "x", **more)] * 16

    plain = share("x", questions(language="en", hops=1))
    assert plain == 4.0
    assert share("x", questions(language="en", hops=2)) > plain > share("x", questions(language="de", hops=1))


def test_the_encoder_is_trained_in_one_command_and_goes_on(
    tiny_bert, data: Path, tmp_path, monkeypatch, capsys
) -> None:
    pytest.importorskip("onnx")
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    folder = str(tiny_bert([*special, *WORDS, ".", "?"], hidden=16, layers=1))
    monkeypatch.setattr(train, "BASE", folder)
    monkeypatch.setattr(train, "resolve_encoder", lambda _: TransformerEncoder(folder))
    out = tmp_path / "made.onnx"
    arguments = [
        "--data",
        str(data),
        "--state",
        str(tmp_path / "state"),
        "--out",
        str(out),
        "--questions",
        "24",
    ]
    monkeypatch.setattr(sys, "argv", ["train", *arguments])
    train.main()
    made = out.read_bytes()
    assert OnnxEncoder(out).name.startswith("made:")
    out.unlink()
    train.main()
    assert out.read_bytes() == made
    said = capsys.readouterr().out
    assert "24 questions" in said
    figures = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert set(figures[0]["source"]) == {"cats", "dogs", "tquad"}
    assert set(figures[0]["language"]) == {"en", "de"}


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
    assert max(weights["relevance"], key=lambda name: weights["relevance"][name]) == "late"
    assert weights["bridge"]["shared"] == 0
    assert 0 < loss < 1
    few, worse = fit(made, ["late_own", "bridge:shared"])
    assert (set(few["relevance"]), set(few["bridge"])) == ({"late_own"}, {"shared"})
    assert worse > loss


def test_questions_are_drawn_alike(data: Path) -> None:
    first, second = drawn(data, "train", 5), drawn(data, "train", 5)
    assert first == second
    assert all(len(questions) == 5 for questions in first.values())


def test_the_shipped_weights_are_those_of_every_encoder_that_is_fitted() -> None:
    table = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    assert set(table["encoders"]) >= set(ENCODERS)
    for weights in table["encoders"].values():
        assert set(weights["relevance"]) == set(FEATURES)
