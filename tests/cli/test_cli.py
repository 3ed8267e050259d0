from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from semtoken_rag import __version__
from semtoken_rag.cli import app

TEXT = "The tower was built in 1889.\r\nIt is painted every seven years. Many people visit it in summer. " * 4
QUERY = "When was the tower built?"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "tower.txt"
    path.write_bytes(TEXT.encode())
    return path


def run(*arguments: str, stdin: str | None = None):
    return CliRunner().invoke(app, list(arguments), input=stdin)


def compress(*arguments: str, stdin: str | None = None):
    return run("compress", "--encoder", "static", "--query", QUERY, *arguments, stdin=stdin)


def test_version():
    result = run("--version")
    assert result.exit_code == 0
    assert __version__ in result.stdout


def test_file_is_compressed_to_text(source: Path):
    result = compress("--max-tokens", "20", str(source))
    assert result.exit_code == 0, result.output
    assert "1889" in result.stdout
    assert len(result.stdout) < len(TEXT)


def test_stdin_is_one_chunk():
    result = compress("--ratio", "0.3", "--json", stdin=TEXT)
    assert result.exit_code == 0, result.output
    assert {piece["id"] for piece in json.loads(result.stdout)["pieces"]} == {"stdin"}


def test_the_line_behind_the_text_says_how_sure_the_call_is_and_what_ended_it(source: Path):
    result = compress("--max-tokens", "20", str(source))
    said = result.stderr.splitlines()[-1]
    assert re.fullmatch(
        r"semtoken: \d+ of \d+ tokens; <?\d+ % sure that nothing wanted is lost, cut by max_tokens; "
        r"the documents .* answer the question \(chance <?\d+ %\)",
        said,
    )
    assert said not in result.stdout


def test_keep_alone_has_no_bound(source: Path):
    result = compress("--keep", "0.8", "--json", str(source))
    assert result.exit_code == 0, result.output
    stats = json.loads(result.stdout)["stats"]
    assert (stats["keep"], stats["budget"]) == (0.8, stats["tokens_before"])
    assert stats["cut_by"] in (None, "keep")
    assert stats["confidence"] >= 0.8
    assert 0 < stats["answerable"] < 1


def test_a_bound_that_cuts_before_keep_is_reached_is_said_once(source: Path):
    result = compress("--keep", "0.95", "--max-tokens", "8", str(source))
    assert "cut by max_tokens before keep=0.95 is reached" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["compress", "explain"])
def test_without_a_budget_it_is_the_adapters(command: str, source: Path):
    asked = (command, "--encoder", "static", "--query", QUERY, str(source))
    result = run(*asked)
    assert result.exit_code == 0, result.output
    if command == "compress":
        same = run(*asked, "--ratio", "0.4")
        assert (result.stdout, result.stderr) == (same.stdout, same.stderr)
    else:  # shows seconds too
        assert "of 84 tokens, budget 33;" in result.stdout


@pytest.mark.parametrize("command", ["compress", "explain"])
def test_keep_and_no_bound_is_in_the_help(command: str):
    shown = " ".join(run(command, "--help").stdout.split())
    assert "With neither --max-tokens nor --ratio there is no bound" in shown


def test_keep_is_refused_where_nothing_can_be_promised(source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("semtoken_rag.stages.calibration.shipped_calibrations", dict)
    result = compress("--keep", "0.9", str(source))
    assert result.exit_code == 2
    assert "keep=0.9 needs a calibration" in result.stderr


@pytest.mark.parametrize("command", ["compress", "explain"])
def test_a_dash_is_standard_input(command: str):
    asked = (command, "--encoder", "static", "--query", QUERY, "--max-tokens", "20")
    result = run(*asked, "-", stdin=TEXT)
    assert result.exit_code == 0, result.output
    assert "1889" in result.stdout
    if command == "compress":  # the other shows seconds too
        assert result.stdout == run(*asked, stdin=TEXT).stdout


def test_a_dash_stands_beside_files(source: Path):
    other = "The bridge was built in 1950. It is red."
    result = compress("--ratio", "1", "--json", str(source), "-", stdin=other)
    assert result.exit_code == 0, result.output
    assert {p["id"] for p in json.loads(result.stdout)["pieces"]} == {str(source), "stdin"}
    assert other in json.loads(result.stdout)["text"]


def test_two_dashes_are_refused_and_a_file_of_that_name_has_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    result = compress("--ratio", "1", "-", "-", stdin=TEXT)
    assert result.exit_code == 2
    assert "2 times" in result.stderr
    monkeypatch.chdir(tmp_path)
    Path("-").write_text("The tower was built in 1889.", encoding="utf-8")
    result = compress("--ratio", "1", "./-", stdin="The bridge was built in 1950.")
    assert "1889" in result.stdout
    assert "1950" not in result.stdout


@pytest.mark.parametrize("command", ["compress", "explain"])
def test_titles_and_language(command: str, tmp_path: Path):
    (tmp_path / "Lighthouse.txt").write_text(
        "Bis zur 2. Etage sind es 90 Stufen. Es regnet oft. " * 2, "utf-8"
    )
    asked = (command, "--encoder", "static", "-q", "Wie viele Stufen sind es?", "--max-tokens", "30")
    result = run(*asked, "--titles", "--language", "de", str(tmp_path / "Lighthouse.txt"))
    assert result.exit_code == 0, result.output
    assert "90 Stufen" in result.stdout
    if command == "compress":
        assert result.stdout.startswith("Lighthouse\n")
        assert not run(*asked, str(tmp_path / "Lighthouse.txt")).stdout.startswith("Lighthouse\n")


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "semtoken_rag.cli", "compress", "--encoder", "static", "--ratio", "1", "-"],
        input="The tower was built in 1889.",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "The tower was built in 1889.\n"


def test_json_offsets_slice_the_file(source: Path):
    result = compress("--max-tokens", "20", "--json", str(source))
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert set(answer) == {"text", "stats", "pieces"}
    assert answer["pieces"]
    for piece in answer["pieces"]:
        assert piece["probability"] is None or 0 < piece["probability"] <= 1
        assert piece["id"] == str(source)
        assert piece["text"] == TEXT[piece["start"] : piece["end"]]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--max-tokens", "0"], "0"),
        (["--max-tokens", "-3"], "-3"),
        (["--ratio", "1.5"], "1.5"),
        (["--ratio", "many"], "many"),
        (["--keep", "1"], "1"),
        (["--keep", "-0.5"], "-0.5"),
        (["--keep", "nan"], "nan"),
        (["--keep", "surely"], "surely"),
        (["--max-tokens", "5", "missing.txt"], "missing.txt"),
    ],
)
def test_bad_arguments_exit_with_2_and_show_the_value(arguments: list[str], shown: str):
    result = compress(*arguments, stdin=TEXT)
    assert result.exit_code == 2
    assert shown in result.stderr
    assert "Traceback" not in result.output


def test_refused_value_is_one_line():
    result = compress("--max-tokens", "0", stdin=TEXT)
    assert len(result.stderr.splitlines()) == 1


def test_file_that_is_not_utf8(tmp_path: Path):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9")
    result = compress("--max-tokens", "5", str(path))
    assert result.exit_code == 2
    assert "byte E9 in line 1" in result.stderr
