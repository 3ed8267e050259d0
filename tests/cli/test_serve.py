from __future__ import annotations

import socket

import pytest

pytest.importorskip("typer")
pytest.importorskip("fastapi")
from typer.testing import CliRunner

from semtoken_rag.cli import app


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ratio", "2"], "--ratio must be in (0, 1], got 2.0"),
        (["--keep", "1"], "--keep must be in (0, 1), got 1.0"),
        (["--max-tokens", "0"], "--max-tokens must be an int of at least 1, got 0"),
        (["--threshold", "-1"], "--threshold must be at least 0, got -1"),
        (["--max-wait", "nan"], "--max-wait must be a number of seconds above 0, got nan"),
        (["--upstream", "localhost:8080"], "the address of a server must be as"),
        (["--api-key", ""], "--api-key must be printable ASCII"),
    ],
)
def test_a_bad_option_is_one_line_before_anything_is_loaded(arguments: list[str], said: str):
    result = CliRunner().invoke(app, ["serve", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.enable_socket
@pytest.mark.parametrize("path", ["", "/v1", "/v1/#model"])
def test_it_cannot_stand_in_front_of_itself(path: str):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    upstream = f"http://localhost:{port}{path}"
    result = CliRunner().invoke(app, ["serve", "--port", str(port), "--upstream", upstream])
    assert result.exit_code == 2
    assert f"must be another than this one, got '{upstream}'" in result.stderr


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("option", "value"), [("--deadline", "0"), ("--encoder", "no/such"), ("--tokenizer", "no/such")]
)
def test_a_bad_engine_is_one_line(option: str, value: str):
    result = CliRunner().invoke(app, ["serve", "--port", "0", option, value])
    assert result.exit_code == 2
    assert value in result.stderr
