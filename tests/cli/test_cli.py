from __future__ import annotations

import json
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


def test_json_offsets_slice_the_file(source: Path):
    result = compress("--max-tokens", "20", "--json", str(source))
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert set(answer) == {"text", "stats", "pieces"}
    assert answer["pieces"]
    for piece in answer["pieces"]:
        assert piece["id"] == str(source)
        assert piece["text"] == TEXT[piece["start"] : piece["end"]]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--max-tokens", "0"], "0"),
        (["--max-tokens", "-3"], "-3"),
        (["--ratio", "1.5"], "1.5"),
        (["--ratio", "many"], "many"),
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
    assert "xe9" in result.stderr
