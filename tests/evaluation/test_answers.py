"""F1 of readers: prompts, contexts that are made once, and the figures relative to the full context."""

from __future__ import annotations

import sys

import pytest

from evaluation.data.options import SAMPLE
from evaluation.readers import answers
from evaluation.readers.contexts import questions
from evaluation.readers.readers import Local, Reply, first_line, prompt
from evaluation.report import readers as report
from evaluation.results import ROOT, load

SET = "hotpotqa_dev200"


class Knows:
    """A reader that answers with the gold answer if it stands in the prompt."""

    name = "knows/all"

    def ask(self, message, gold, others):
        found = gold in message.rpartition("Context:")[2]
        assert gold not in others or len(set(others)) < len(others)
        return Reply(gold if found else "nothing", len(message.split()), 1.0, float(found))


def test_the_prompt_ends_where_the_answer_begins_and_has_no_context_of_its_own_without_one():
    shown = prompt("The tower opened in 1889.", "When did it open??")
    assert shown.endswith("Context:\nThe tower opened in 1889.\nQuestion: When did it open?\nAnswer:")
    assert prompt("", "When?").endswith("\n\nQuestion: When?\nAnswer:")


def test_the_first_line_of_an_answer_counts():
    assert first_line("\n 1889 \nIt rained.") == "1889"


def test_a_run_asks_what_is_missing_and_is_relative_to_the_full_context(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(answers, "reader_of", lambda name: Knows())
    argv = ["answers", "--data", str(SAMPLE), "--sets", SET, "--n", "5", "--out", str(tmp_path / "out")]
    argv += ["--contexts", str(tmp_path / "contexts"), "--methods", "bm25", "--factors", "5"]
    monkeypatch.setattr(sys, "argv", argv)
    answers.main()
    found = load(tmp_path / "out")
    assert {r["method"]: r["means"]["f1"] for r in found}["full"] == 1.0
    assert [r["method"] for r in found].count("bm25") == 1
    capsys.readouterr()
    answers.main()
    assert capsys.readouterr().out == ""
    assert report.headline(found).splitlines()[0].endswith("| 5 times fewer |")
    (row,) = report.headline(found).splitlines()[2:]
    assert row.startswith(f"| {SET} | {len(questions(SAMPLE, SET, 5))} | knows/all | bm25 | .00 | 1.00 |")
    lines = report.details(found).splitlines()
    (none,) = (line for line in lines if line.startswith("| none"))
    assert "| .00 [.00, .00] |" in none.replace("0.00", ".00")
    assert len(questions(SAMPLE, SET, 5)) == found[0]["questions"]


def test_the_sample_needs_no_folder_and_keeps_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(answers, "reader_of", lambda name: Knows())
    monkeypatch.setattr(answers.options, "SHARED", tmp_path / "nowhere")
    monkeypatch.setattr(sys, "argv", ["answers", "--sample", "--methods", "bm25"])
    answers.main()
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert not [*(ROOT / "results" / "readers").glob("knows*")]


def test_without_the_sets_a_run_says_what_to_do(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["answers", "--data", str(tmp_path / "nowhere")])
    with pytest.raises(SystemExit):
        answers.main()
    assert "nowhere: --data FOLDER, or --sample" in capsys.readouterr().err


class Leaves(Knows):
    """A reader that is gone once it is shown a context of its own."""

    def ask(self, message, gold, others):
        if message.count("Context:") > prompt("", "?").count("Context:"):
            raise ConnectionError("no server answers")
        return super().ask(message, gold, others)


def test_what_was_measured_before_a_reader_failed_is_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(answers, "reader_of", lambda name: Leaves())
    argv = ["answers", "--data", str(SAMPLE), "--sets", SET, "--n", "2", "--out", str(tmp_path / "out")]
    argv += ["--contexts", str(tmp_path / "contexts"), "--methods", "bm25"]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit, match="no server answers"):
        answers.main()
    assert [r["method"] for r in load(tmp_path / "out")] == ["none"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--n", "0"], "must be at least 1, got 0"),
        (["--factors", "0.5"], "must be above 1, got 0.5"),
        (["--factors", "nan"], "must be above 1, got nan"),
        (["--methods", "nobody"], "got 'nobody'"),
        (["--sets", "nothing"], "no set"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_line(monkeypatch, capsys, argv, said):
    monkeypatch.setattr(sys, "argv", ["answers", "--sample", *argv])
    with pytest.raises(SystemExit) as stopped:
        answers.main()
    assert said in f"{stopped.value}{capsys.readouterr().err}"


@pytest.mark.parametrize(
    ("values", "full", "none", "said"),
    [
        ([1, 1], [1, 1], None, "1.00 [1.00, 1.00]"),
        ([0.5, 0.5], [1, 1], [0.5, 0.5], "0.00 [0.00, 0.00]"),
        ([0.75, 0.75], [1, 1], [0.5, 0.5], "0.50 [0.50, 0.50]"),
        ([1, 1], [0, 0], None, "-"),
    ],
)
def test_shares_of_the_full_context(values, full, none, said):
    assert report.relative(values, full, none) == said


def test_a_local_reader_scores_candidates_as_one_pass_over_the_whole_does():
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from evaluation.judge.reader import Reader
    from tests.llm.readers import make
    from tests.llm.samples import tokenizer

    reader = object.__new__(Local)
    inner = Reader(tokenizer(), make("llama"), False)
    reader.name, reader._reader = "tiny", inner
    gold, other = "tower of Paris", "bread"
    asked = "The tower is in Paris . Where ?"
    reply = reader.ask(asked, gold, [other])

    def ids(text: str, special: bool) -> torch.Tensor:
        return inner.tokenizer(text, return_tensors="pt", add_special_tokens=special).input_ids

    def whole(answer: str) -> float:
        before, target = ids(asked, True), ids(f" {answer}", False)
        with torch.inference_mode():
            logits = inner.model(torch.cat([before, target], 1)).logits[0, before.shape[1] - 1 : -1]
        return float(-logits.log_softmax(-1).gather(1, target[0][:, None]).mean())

    assert reply.nats == pytest.approx(whole(gold), abs=1e-4)
    assert reply.choice == float(whole(gold) <= whole(other))
