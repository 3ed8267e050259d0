"""`semtoken calibrate`: what it writes and says, and every input that it refuses."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("typer")

from typer.testing import CliRunner

from semtoken_rag import Config, SemToken
from semtoken_rag.calibrate import calibrate_on
from semtoken_rag.calibrate.check import BINS, by_others, check
from semtoken_rag.calibrate.fit import SHARES
from semtoken_rag.calibrate.pose import Posed, pose
from semtoken_rag.cli import app
from semtoken_rag.examples import Example, read_examples
from semtoken_rag.stages import answerable
from semtoken_rag.stages.calibration import Calibration
from semtoken_rag.testing import HashEncoder
from tests.calibrate.questions import rows

ROWS = rows(101)


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def run(questions: Path, *arguments: str, encoder: str = "static"):
    out = questions.with_name("calibration.json")
    asked = ["calibrate", str(questions), "--encoder", encoder, "--out", str(out), *arguments]
    return CliRunner().invoke(app, asked, env={"COLUMNS": "120"})


def examples(tmp_path: Path, lines: list[dict[str, Any]]) -> list[Example]:
    return read_examples(write(tmp_path / "q.jsonl", lines))


@pytest.fixture(scope="module")
def posed(tmp_path_factory) -> Posed:
    path = write(tmp_path_factory.mktemp("posed") / "q.jsonl", ROWS)
    return pose(read_examples(path), SemToken(encoder="static", store="memory://"))


@pytest.fixture(scope="module")
def made(posed: Posed) -> Calibration:
    return posed.calibrate()


def test_from_questions_to_a_file_that_an_engine_uses(tmp_path: Path, made: Calibration):
    result = run(write(tmp_path / "q.jsonl", ROWS), "--keep", "0.9", "--keep", "0.995")
    assert result.exit_code == 0, result.output
    for said in ("101 questions, encoder static", "needs 200 questions", "calibration error", "AUROC"):
        assert said in result.stdout
    file = tmp_path / "calibration.json"
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["questions"] == len(written["needed"]) == written["made"]["unanswered"] == 101
    assert {name: written[name] for name in made.as_dict()} == made.as_dict()  # the same without a command
    engine = SemToken(encoder="static", config=Config(calibration=file), on_error="raise")
    row = ROWS[1]
    stats = engine.compress(row["chunks"], row["question"], ratio=1, keep=0.9).stats
    assert stats.cut_by == "keep"
    assert stats.tokens_after < stats.tokens_before
    assert stats.confidence is not None
    assert stats.confidence >= 0.9
    assert stats.answerable is not None


def test_an_encoder_that_has_no_calibration_gets_one(tmp_path: Path):
    engine = SemToken(encoder=HashEncoder(), store="memory://")
    row = ROWS[0]
    with pytest.raises(ValueError, match="semtoken calibrate"):
        engine.compress(row["chunks"], row["question"], ratio=1, keep=0.9)
    calibrate_on(examples(tmp_path, ROWS), engine).save(tmp_path / "mine.json")
    own = SemToken(encoder=HashEncoder(), config=Config(calibration=tmp_path / "mine.json"))
    assert own.compress(row["chunks"], row["question"], ratio=1, keep=0.9).stats.confidence is not None
    with pytest.raises(ValueError, match=r"for the encoder 'hash.*', got the encoder 'static.*'"):
        SemToken(encoder="static", config=Config(calibration=tmp_path / "mine.json"))


def test_fewer_than_100_questions_are_refused_with_their_number(tmp_path: Path):
    result = run(write(tmp_path / "q.jsonl", ROWS[:99]))
    assert result.exit_code == 2
    assert "at least 100 questions, got 99" in result.stderr
    assert not (tmp_path / "calibration.json").exists()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("{", "JSONDecodeError"),
        ('{"question": "When?", "gold": ["a"]}', "chunks"),
        ('{"question": 7, "chunks": ["a"], "gold": ["a"]}', "question must be a string, got 7"),
        ('{"question": "When?", "chunks": ["a"], "gold": "a"}', "gold must be a list of strings, got 'a'"),
        ('{"question": "When?", "chunks": ["a"], "answers": "a"}', "answers must be a list of strings"),
    ],
)
def test_a_line_that_cannot_be_read_is_an_error_with_its_number(tmp_path: Path, line: str, shown: str):
    path = write(tmp_path / "q.jsonl", ROWS[:1])
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{line}\n", encoding="utf-8")
    result = run(path)
    assert result.exit_code == 2
    assert "line 3" in result.stderr
    assert shown in result.stderr


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--keep", "1"], "--keep must be in (0, 1), got 1.0"),
        (["--keep", "0.9", "--keep", "-0.5"], "--keep must be in (0, 1), got -0.5"),
        (["--out", "."], "--out must be a file"),
        (["--out", "no/such/folder.json"], "--out must be a file in a folder that exists, got"),
        (["--encoder", "no encoder"], "got 'no encoder'"),
    ],
)
def test_bad_arguments_are_refused_before_the_work(tmp_path: Path, arguments: list[str], shown: str):
    result = run(write(tmp_path / "q.jsonl", ROWS), *arguments)
    assert result.exit_code == 2
    assert shown in result.stderr
    assert "Questions" not in result.output


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path):
    result = run(tmp_path / "none.jsonl")
    assert result.exit_code == 2
    assert "none.jsonl" in result.stderr


def test_questions_that_are_all_alike_are_refused(tmp_path: Path):
    lines = [{**row, "chunks": row["gold"]} for row in ROWS]
    with pytest.raises(ValueError, match="all 101 questions are alike: nothing is kept under every budget"):
        calibrate_on(examples(tmp_path, lines), SemToken(encoder="static"))


def test_gold_that_no_unit_holds_is_left_out_with_its_line(tmp_path: Path, caplog):
    lines = [*ROWS, *({**row, "gold": [""]} for row in ROWS[:7])]
    lines.insert(3, {**ROWS[0], "question": " "})
    found = examples(tmp_path, lines)
    with caplog.at_level(logging.WARNING):
        done = []
        assert len(pose(found, SemToken(encoder="static", store="memory://"), done.append).answered) == 101
    assert done == list(range(1, 110))
    assert "8 of 109 questions are left out" in caplog.text
    assert "4, 103, 104, 105, 106, ..." in caplog.text
    with pytest.raises(ValueError, match="got 0 that can be used of 101"):
        calibrate_on([replace(e, gold=[(0, 0, 0)]) for e in found[:101]], SemToken(encoder="static"))


def test_questions_that_another_encoder_reads_are_left_out(tmp_path: Path, caplog, monkeypatch):
    monkeypatch.setattr(SemToken, "_reads", lambda self, query, chunks: query != ROWS[2]["question"])
    with caplog.at_level(logging.WARNING):
        done = pose(examples(tmp_path, ROWS), SemToken(encoder="static", store="memory://"))
    assert len(done.answered) == 100
    assert "the encoder for other languages reads them: 3" in caplog.text


def test_a_strategy_without_chances_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="needs a strategy that gives chances"):
        calibrate_on(examples(tmp_path, ROWS), SemToken(encoder="static", strategy="lead"))


def test_without_other_chunks_the_weights_of_answerable_are_kept(posed: Posed, made: Calibration):
    weights = tuple(np.linspace(-1, 1, len(answerable.SIGNS) + 1).tolist())
    known = replace(made, answerable=weights)
    alone = replace(posed, unanswered=[None] * len(posed.answered), known=known)
    kept = alone.calibrate()
    assert kept.answerable == weights
    assert kept.confidence == made.confidence
    report = check(alone, kept, [0.9])
    assert report.auroc is None
    assert report.caught is None
    with pytest.raises(ValueError, match=r"got 0, and no calibration of the encoder 'static.*' is known"):
        replace(alone, known=None).calibrate()


def test_what_is_said_when_the_weights_of_answerable_are_kept(tmp_path: Path):
    engine = SemToken(encoder="static")
    if engine._setup.calibration is None:
        pytest.skip("the package has no calibration of the static encoder")
    result = run(write(tmp_path / "q.jsonl", rows(101, chunks=1)))
    assert result.exit_code == 0, result.output
    assert "0 questions have chunks that hold no gold" in result.stdout
    found = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))["answerable"]
    assert found == pytest.approx(engine._setup.calibration.answerable, abs=1e-4)


def test_each_question_is_judged_by_the_others_alone(posed: Posed, made: Calibration):
    others = by_others(posed.answered, made)
    for outcome, other in zip(posed.answered, others, strict=True):
        assert sorted([*other.needed, outcome.needed]) == made.needed.tolist()


def test_the_report_of_more_is_that_more_is_kept(posed: Posed, made: Calibration):
    report = check(posed, made, [0.8, 0.9, 0.95, 0.99, 0.999])
    *asked, last = report.levels
    assert last.tokens is last.saved is last.at_least is None
    assert last.needs == 1000
    for less, more in pairwise(asked):
        assert less.tokens <= more.tokens
        assert less.saved <= more.saved
        assert less.at_least < more.at_least
    for each in asked:
        assert each.at_least < each.keep
        assert each.saved > each.keep - 0.03  # the mean over questions is at least keep
    assert len(report.bins) <= BINS
    assert sum(n for _, _, n in report.bins) == len(posed.answered) * len(SHARES)
    assert [told for told, _, _ in report.bins] == sorted(told for told, _, _ in report.bins)
    assert 0 <= report.error < 0.2
    assert report.auroc > 0.7
    assert report.caught > 0.2
