from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from semtoken_rag.cli import app
from semtoken_rag.text.files import write_whole

TEXT = "The tower opened in 1889. It rained that day.\n"


def run(*arguments: str | Path):
    return CliRunner().invoke(app, list(map(str, arguments)))


def explain(*arguments: str | Path):
    return run("explain", "--encoder", "static", "-q", "tower", "--ratio", "0.5", *arguments)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "notes").mkdir()
    path = tmp_path / "notes" / "a.md"
    path.write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.mark.parametrize("kind", ["itself", "other path", "link", "two links", "hard link", "folder link"])
@pytest.mark.parametrize("turned", [False, True], ids=["page", "input"])
def test_a_page_is_not_written_over_its_input(source: Path, kind: str, turned: bool):
    other = Path("page.html")
    match kind:
        case "itself":
            other = source
        case "other path":
            other = Path("notes/../notes/./a.md")
        case "link":
            other.symlink_to(source)
        case "two links":
            Path("between").symlink_to(source)
            other.symlink_to("between")
        case "hard link":
            os.link(source, other)
        case "folder link":
            Path("same").symlink_to("notes")
            other = Path("same/a.md")
    page, read = (source, other) if turned else (other, source)
    result = explain("--html", page, read)
    assert result.exit_code == 2
    assert result.stderr.startswith("semtoken: --html must not be the input")
    assert len(result.stderr.splitlines()) == 1
    assert source.read_text() == TEXT


def test_standard_input_is_an_input_too(source: Path):
    saved, opened = os.dup(0), os.open(source, os.O_RDONLY)
    os.dup2(opened, 0)
    try:
        result = explain("--html", source)
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(opened)
    assert (result.exit_code, source.read_text()) == (2, TEXT)
    assert "must not be standard input" in result.stderr


def test_other_commands_keep_their_inputs_too(source: Path):
    questions = Path("q.jsonl")
    questions.write_text('{"question": "When?", "chunks": ["In 1889."], "answers": ["1889"]}\n')
    before = questions.read_bytes()
    for command in (["calibrate", questions], ["train", questions]):
        result = run(*command, "--out", questions)
        assert (result.exit_code, questions.read_bytes()) == (2, before)
        assert "--out must not be the input" in result.stderr
    Path("density.svg").write_text(TEXT)
    result = run("figure", "density", "density.svg", "--encoder", "static")
    assert (result.exit_code, Path("density.svg").read_text()) == (2, TEXT)


def test_a_page_is_written_whole(source: Path):
    Path("old.html").write_text("old")
    Path("page.html").symlink_to("old.html")
    Path("old.html").chmod(0o640)
    assert explain("--html", "page.html", source).exit_code == 0
    assert Path("page.html").is_symlink()
    assert "1889" in Path("old.html").read_text()
    assert Path("old.html").stat().st_mode & 0o777 == 0o640
    assert not list(source.parent.parent.glob(".semtoken*"))


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    old = tmp_path / "old.html"
    old.write_text("old")
    monkeypatch.setattr(Path, "replace", lambda self, target: target.missing)  # any failure on the way
    with pytest.raises(AttributeError):
        write_whole(old, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["old.html"]
    assert old.read_text() == "old"
    with pytest.raises(FileNotFoundError, match=r"page\.html"):
        write_whole(tmp_path / "none" / "page.html", b"new")


def test_what_is_no_file_is_written_to(tmp_path: Path):
    os.mkfifo(pipe := tmp_path / "pipe")
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, b"page")
    assert os.read(reading, 9) == b"page"
    os.close(reading)
    assert pipe.is_fifo()
