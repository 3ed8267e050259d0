"""`semtoken evaluate`: the curve of one's own questions, in each shape, and a reader's answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from semtoken_rag import Budget
from semtoken_rag.cli import app
from semtoken_rag.evaluate import ask, measure, with_answers
from semtoken_rag.evaluate.kept import keeps_answer
from semtoken_rag.examples import Example, read_examples
from semtoken_rag.readers import ServerError
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Chunk

FILLER = "Boats pass in the morning. The market opens at six. Nobody sings there. Rain is rare in May. "
BORN = "The builder of the tower was born in Vessel."
STEPS = "The stairs of the tower have two hundred steps."
BUILDER = {
    "question": "Where was the builder of the tower born?",
    "chunks": [{"title": "Mara", "text": FILLER + BORN}, FILLER],
}
STAIRS = {"question": "How many steps do the stairs have?", "chunks": [FILLER + STEPS, FILLER]}
SHAPES = {
    "gold": [BUILDER | {"gold": [BORN]}, STAIRS | {"gold": [STEPS]}],
    "answers": [BUILDER | {"answers": ["Vessel"]}, STAIRS | {"answers": ["200", "two hundred"]}],
    "answer": [BUILDER | {"answer": "Vessel"}, STAIRS | {"answer": "two hundred"}],
}


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n", encoding="utf-8")
    return path


def evaluate(questions: Path, *arguments: str):
    return CliRunner().invoke(app, ["evaluate", str(questions), "--encoder", "static", *arguments])


def cells(output: str, method: str) -> list[str]:
    """Return the cells of a method's row."""
    (line,) = [line for line in output.splitlines() if line.startswith(f"│ {method}")]
    return [cell.strip() for cell in line.strip("│").split("│")][1:]


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_gives_the_curve_as_a_table_and_as_json(shape: str, tmp_path: Path):
    questions, out = write(tmp_path / "q.jsonl", SHAPES[shape]), tmp_path / "curve.json"
    result = evaluate(questions, "--json", str(out), "--want", "1")
    assert result.exit_code == 0, result.output
    assert "Questions: 2, encoder: static" in result.stdout
    assert cells(result.stdout, "semtoken")[-1] == "1.00"
    assert cells(result.stdout, "whole chunks") == ["0.00"] * 7 + ["1.00"]
    made = json.loads(out.read_text(encoding="utf-8"))
    best = made["cheapest"]
    assert (
        f"The cheapest budget that keeps 100% of the answers: ratio={best['ratio']:g}. It keeps 2 of 2"
        in (result.stdout)
    )
    own = [point for point in made["points"] if point["method"] == "semtoken"]
    assert best["tokens"] == min(point["tokens"] for point in own if point["kept"] == 1)
    assert {point["keep"] for point in own} == {None, 0.8, 0.9, 0.95}
    assert own[0]["lost_lines"] == [1, 2]
    assert "static encoder" not in result.stdout  # the same as semtoken here


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2 is not JSON: "),
        ("[" * 100_000, "line 2 is not JSON: RecursionError"),
        ("[]", r"line 2: a line must be a JSON object, got \[\]"),
        ({"chunks": ["x"], "answer": "x"}, "line 2: question is missing, got 'chunks, answer'"),
        ({"question": "a?", "answer": "x"}, "line 2: chunks is missing"),
        ({"question": "a?", "chunks": "x", "answer": "x"}, "line 2: chunks must be a list, got 'x'"),
        ({"question": "a?", "chunks": [3], "answer": "x"}, "line 2: chunks must hold strings or objects"),
        ({"question": "a?", "chunks": ["x"]}, "line 2: gold, answers or answer is needed"),
        ({"question": "a?", "chunks": ["x"], "answer": 1889}, "line 2: answer must be a string, got 1889"),
        ({"question": "a?", "chunks": ["x"], "answers": "x"}, "line 2: answers must be a list of strings"),
        ({"question": "a?", "chunks": ["x"], "answers": [1]}, r"line 2: .* list of strings, got \[1\]"),
        ({"question": " ", "chunks": ["x"], "answer": "x"}, "line 2: question must not be blank, got ' '"),
    ],
    ids=lambda value: f"{value:.40}" if isinstance(value, str) else json.dumps(value),
)
def test_a_line_that_cannot_be_used_is_named_in_one_sentence(line: Any, said: str, tmp_path: Path):
    lines = [json.dumps(SHAPES["gold"][0]), line if isinstance(line, str) else json.dumps(line)]
    (tmp_path / "q.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = evaluate(tmp_path / "q.jsonl")
    assert result.exit_code == 2
    assert re.search(said, result.stderr)
    assert len(result.stderr.splitlines()) == 1


def test_questions_whose_chunks_have_no_answer_are_left_out_and_said(tmp_path: Path, caplog):
    questions = write(tmp_path / "q.jsonl", [STAIRS | {"answer": "ninety"}, *SHAPES["answer"]])
    out = tmp_path / "curve.json"
    result = evaluate(questions, "--json", str(out))
    assert result.exit_code == 0, result.output
    assert (
        "1 of 3 questions have no gold in their chunks and are left out, the first in line 1" in caplog.text
    )
    assert json.loads(out.read_text())["points"][0]["lost_lines"] == [2, 3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--want", "0"], "--want must be in (0, 1], got 0.0"),
        (["--want", "nan"], "--want must be in (0, 1], got nan"),
        (["--json", "nowhere/curve.json"], "folder that exists, got 'nowhere/curve.json'"),
        (["--encoder", "statik"], "got 'statik'"),
        (["--llm", "http://127.0.0.1:1/v1"], "write a server's address as openai:"),
        (["--llm", "smollm2"], "a reader is judged by answers, got 2 questions without"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_measured(arguments: list[str], said: str, tmp_path: Path):
    rows = SHAPES["gold" if "smollm2" in arguments else "answers"]
    result = evaluate(write(tmp_path / "q.jsonl", rows), *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not result.stdout


def test_the_questions_are_not_written_over(tmp_path: Path):
    questions = write(tmp_path / "q.jsonl", SHAPES["answer"])
    before = questions.read_bytes()
    assert evaluate(questions, "--json", str(questions)).exit_code == 2
    assert questions.read_bytes() == before


def test_a_share_that_no_budget_keeps_is_said_with_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("semtoken_rag.stages.calibration.shipped_calibrations", dict)  # nothing is promised
    scattered = [f"The tower has {thing}." for thing in ("three rooms", "four doors", "five lamps")]
    row = {"question": "Who sings?", "chunks": scattered, "gold": scattered}
    result = evaluate(write(tmp_path / "q.jsonl", [row]))
    assert "No budget here keeps 95% of the answers. The best: ratio=0.05. It keeps 0 of 1" in result.stdout


def test_an_encoder_without_a_calibration_is_compared_with_the_static_one_without_promises():
    example = Example("What was built?", [Chunk(FILLER + BORN), Chunk(STEPS)], [(0, len(FILLER), 140)])
    curve = measure([example], HashEncoder())
    assert {point.method: point.budget.keep for point in curve.points} == {
        "semtoken": None,
        "BM25 sentences": None,
        "static encoder": 0.95,  # its last one
        "whole chunks": None,
    }


def test_a_gold_sentence_counts_whole_and_each_of_them(tmp_path: Path):
    both = {"question": "Tower?", "chunks": [f"{BORN} {FILLER}{STEPS}"], "gold": [BORN, STEPS]}
    (example,) = read_examples(write(tmp_path / "q.jsonl", [both]))
    assert keeps_answer(example, [BORN.replace(" ", "\n"), STEPS])
    assert not keeps_answer(example, [BORN])
    assert not keeps_answer(example, [BORN.removesuffix("Vessel.") + "…", STEPS])


class Refusing:
    """Answers what fits its window, as a server does."""

    name, tokenizer = "refusing", staticmethod(str.split)

    def stream(self, question, context):
        if context.stats.tokens_after > 20:
            raise ServerError("the context is too long", status=400)
        yield from ("In ves", "sel.")


def test_a_refused_question_is_not_right_and_goes_on(tmp_path: Path):
    examples = with_answers(read_examples(write(tmp_path / "q.jsonl", SHAPES["answers"])))
    full, less = ask(Refusing(), examples, encoder="static", budgets=[Budget(ratio=1.0), Budget(ratio=0.4)])
    assert list(full.right) == [False, False]
    assert list(full.refused) == ["the context is too long"] * 2
    assert list(less.right) == [True, False]  # "vessel" answers the first alone
    assert max(less.tokens) <= 20 < min(full.tokens)


def test_questions_without_answers_are_not_asked(tmp_path: Path):
    examples = read_examples(write(tmp_path / "q.jsonl", [*SHAPES["answer"], *SHAPES["gold"]]))
    assert with_answers(examples) == examples[:2]
    with pytest.raises(ValueError, match="got 2 of 4 without"):
        ask(Refusing(), examples, encoder="static")


@pytest.mark.model
@pytest.mark.enable_socket
def test_a_server_answers_from_the_full_and_from_the_compressed_context(llama_server: str, tmp_path: Path):
    questions, out = write(tmp_path / "q.jsonl", SHAPES["answer"][1:]), tmp_path / "curve.json"
    result = evaluate(questions, "--llm", f"openai:{llama_server}#smollm2", "--json", str(out))
    assert result.exit_code == 0, result.output
    made = json.loads(out.read_text(encoding="utf-8"))
    assert made["counter"] == "callable"
    full, less = made["reader"]
    assert full["ratio"] == 1
    assert less["ratio"] == made["cheapest"]["ratio"]
    assert less["tokens"] < full["tokens"]
    assert "Reader: smollm2" in result.stdout
    assert re.search(r"│ full +│ +\d+ │ +\d+\.\d\d │ [01]\.00 \(", result.stdout)
