"""Languages: which rows are for what, how an answer is looked for, the rule to beat, the fit of letters."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from evaluation.data.languages import by_language
from evaluation.data.slices import slice_of
from evaluation.fitting.lexical import Choice, choice, fit, write
from evaluation.judge.languages import answers, bm25, kept, survives, terms
from semtoken_rag import Chunk, SemToken
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.stages.lexical import FEATURES, VECTORS
from semtoken_rag.train.examples import Example


def row(text: str, *found: str) -> dict:
    return {"answers": list(found), "question": "?", "documents": [{"id": 1, "title": "", "text": text}]}


@pytest.fixture
def sets(tmp_path):
    folder = tmp_path / "train"
    folder.mkdir()
    for name, language in (("a", "en"), ("b.1of2", "en"), ("b.2of2", "en"), ("c", "th")):
        lines = [json.dumps({"id": f"{name}-{i}", "lang": language, "of": name[0]}) for i in range(400)]
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write("\n".join(lines))
    return tmp_path


def test_parts_have_no_row_in_common_and_sources_take_turns(sets):
    measured, fitted = (by_language(sets, part, 9, lambda _: True) for part in ("held", "fit"))
    assert {language: len(rows) for language, rows in measured.items()} == {"en": 9, "th": 9}
    for part, rows in (("held", measured), ("fit", fitted)):
        assert {slice_of(r["id"]) for found in rows.values() for r in found} == {part}
    assert [r["of"] for r in measured["en"][:4]] == ["a", "b", "a", "b"]


def test_rows_that_do_not_count_are_passed_over_and_english_has_a_bound_of_its_own(sets):
    found = by_language(sets, "held", 3, lambda r: r["of"] != "a", english=5)
    assert (len(found["en"]), len(found["th"])) == (5, 3)
    assert {r["of"] for r in found["en"]} == {"b"}
    assert by_language(sets, "held", 3, lambda _: False) == {}


def test_a_folder_without_sets_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="give --data"):
        by_language(tmp_path, "held", 1, lambda _: True)


@pytest.mark.parametrize(
    ("text", "answer", "lost"),
    [
        ("It was in 1922, a 2.", "2", "It was in 1922."),
        ("灯塔高六十米。", "六十米", "灯塔高六米。"),
        ("Ankarada kuruldu.", "Ankara", "Anka kuruldu."),
    ],
)
def test_an_answer_is_whole_words_where_it_stands_so_and_a_run_elsewhere(text, answer, lost):
    wanted = answers(row(text, answer))
    assert survives(wanted, text)
    assert not survives(wanted, lost)


@pytest.mark.parametrize("found", ["yes", "No.", "Paris"])
def test_a_row_without_an_answer_in_its_text_does_not_count(found):
    assert answers(row("It rained. Yes and no.", found)) == ()


def test_terms_are_words_and_runs_of_what_is_written_without_blanks():
    assert terms("P20の灯塔 ÉTÉ") == ["p20", "の灯", "灯塔", "été"]
    assert terms("ค่าปรับ500") == ["ค่า", "่าป", "าปร", "ปรั", "รับ", "500"]


def test_the_rule_keeps_the_sentence_with_the_words_of_the_question():
    asked = row("夜里很安静。小艇的泊船费是四元。灯塔在北边。", "四元") | {"question": "小艇的泊船费是多少？"}
    engine = SemToken(encoder="static", strategy=bm25, on_error="raise")
    assert kept(engine, [asked]) == [0.0, 0.0]  # no sentence fits a fifth
    assert "四元" in engine.compress([asked["documents"][0]["text"]], asked["question"], ratio=0.6).text


def made(strange: float, letters_tell: bool) -> list[Choice]:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(40):
        relevance = rng.normal(size=9).astype(np.float32)
        features = rng.normal(size=(9, len(FEATURES))).astype(np.float32)
        wanted = np.zeros(9, bool)
        wanted[features[:, 0].argmax() if letters_tell else relevance.argmax()] = True
        found.append(Choice(relevance, features, strange, wanted))
    return found


def test_the_fit_trusts_what_tells():
    letters, loss = fit(made(1.0, letters_tell=True), steps=60)
    vectors, _ = fit(made(1.0, letters_tell=False), steps=60)
    assert max(FEATURES, key=letters.get) == FEATURES[0]
    assert letters[VECTORS] < -0.5 < vectors[VECTORS] <= 0
    assert letters[FEATURES[0]] > 1 > vectors[FEATURES[0]] >= 0
    assert 0 < loss < 1


def test_a_question_that_the_encoder_knows_is_no_decision():
    encoder = resolve_encoder("static")
    for text, question, strange in (
        ("The pump is red. The lamp is blue.", "Which colour is the pump?", False),
        ("Насос красный. Лампа синяя.", "Какого цвета насос?", True),
    ):
        chunks = [Chunk(text)]
        assert (choice(Example(question, chunks, [(0, 0, 10)]), encoder) is not None) == strange


def test_only_the_weights_of_letters_are_written(tmp_path):
    path = tmp_path / "weights.json"
    table = {"provenance": {"script": "other"}, "encoders": {"tiny": {"bridge": {"shared": 1.0}}}}
    path.write_text(json.dumps(table), encoding="utf-8")
    write(path, "tiny:x", {"own": 2.0}, {"th": 3})
    write(path, "new", {"own": 1.0}, {"th": 3})
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["encoders"] == {
        "tiny": {"bridge": {"shared": 1.0}, "lexical": {"own": 2.0}},
        "new": {"lexical": {"own": 1.0}},
    }
    assert found["provenance"]["script"] == "other"
    assert found["provenance"]["lexical"]["questions"] == {"th": 3}
