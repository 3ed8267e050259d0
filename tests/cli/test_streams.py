from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from semtoken_rag.cli import app
from semtoken_rag.cli.streams import echo

RUN = f"'{sys.executable}' -m semtoken_rag"
STATIC = "--encoder static -q tower --ratio 1"
TEXT = "The tower \x1b[2Jopened.\r\nIt rained: caf\u00e9 \x9b1m.\n"


def shell(command: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(["sh", "-c", command], capture_output=True, env=environment, check=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode())
    return path


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")


@pytest.mark.parametrize(
    ("command", "streams", "said"),
    [
        (f"compress {STATIC}", "<&-", "standard input is closed: name a file"),
        ("--version", ">&-", "Bad file descriptor"),
        pytest.param(f"explain {STATIC} FILE", ">/dev/full", "No space left", marks=FULL),
    ],
)
def test_streams_that_cannot_be_used_are_one_line(source: Path, command: str, streams: str, said: str):
    done = shell(f"{RUN} {command.replace('FILE', str(source))} {streams}")
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, len(lines)) == (2, 1), lines
    assert lines[0].startswith("semtoken: ")
    assert said in lines[0]


@FULL
def test_an_error_that_nobody_can_read_is_a_status():
    assert shell(f"{RUN} --help >/dev/full 2>/dev/full").returncode == 2


def test_a_pipe_gets_the_bytes_of_the_source(source: Path):
    result = CliRunner().invoke(app, ["compress", *STATIC.split(), str(source)])
    assert result.stdout_bytes == TEXT.encode() + b"\n"


def test_a_terminal_gets_nothing_that_it_would_obey(monkeypatch: pytest.MonkeyPatch):
    ours, theirs = os.openpty()
    with open(theirs, "w", encoding="utf-8") as terminal:  # noqa: PTH123  (a number, not a path)
        monkeypatch.setattr(sys, "stdout", terminal)
        echo(TEXT)
        shown = os.read(ours, 9999).decode()
    os.close(ours)
    assert shown.split() == ["The", "tower", "[U+001B][2Jopened.", "It", "rained:", "café", "[U+009B]1m."]


def test_without_the_extra_it_is_one_line():
    code = "import sys; sys.modules['typer'] = None; from semtoken_rag.__main__ import main; main()"
    done = shell(f"'{sys.executable}' -c \"{code}\"")
    said = "semtoken: typer is needed for this: pip install 'semtoken-rag[cli]'\n"
    assert (done.returncode, done.stderr.decode()) == (2, said)
