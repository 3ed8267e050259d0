"""The commands in the README and the documentation exist, and take the options that they are given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, Block, blocks

typer = pytest.importorskip("typer")
COMMANDS = [b for page in PAGES for b in blocks(page) if b.language == "bash"]
SIDE = (
    "cat",
    "cd",
    "curl",
    "export",
    "git",
    "mkdir",
    "opentelemetry-instrument",
    "printf",
    "redis-server",
)  # nothing of ours


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_every_command_of_a_block_exists_with_its_options(block: Block):
    assert [problem for words in commands(block.code) for problem in problems(words)] == []


def test_a_command_that_does_not_exist_is_a_problem():
    for line in (
        "make nothing",
        "make demo NO_ARGS=1",
        "semtoken shrink a.md",
        "semtoken compress --smaller a.md",
        "python examples/nothing.py",
        "python examples/langchain_rag.py --nothing",
        "python -m evaluation.nothing",
        "pip install 'semtoken-rag[nothing]'",
        "frobnicate",
    ):
        assert problems(shlex.split(line)), line


def commands(code: str) -> Iterator[list[str]]:
    """Words of each command of a script, without variables set before it and what it writes to."""
    lines = re.sub(r"\\\n", " ", code).splitlines()
    for line in lines:
        words = shlex.split(line, comments=True)
        while words and re.match(r"\w+=", words[0]):
            words.pop(0)
        for cut in (">", "|", "&"):
            if cut in words:
                words = words[: words.index(cut)]
        if words:
            yield words


def problems(words: list[str]) -> list[str]:
    """Say what is wrong with a command."""
    command, *rest = words
    if command == "make":
        return of_make(rest)
    if command == "semtoken":
        return of_semtoken(rest)
    if command == "python":
        return of_python(rest)
    if command == "pip":
        return of_pip(rest)
    return [] if command in SIDE else [f"no such command: {command}"]


def of_make(words: list[str]) -> list[str]:
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [w for w in words if "=" not in w]
    variables = [w.split("=")[0] for w in words if "=" in w]
    wrong = [f"no target {t}" for t in targets if not re.search(rf"^{re.escape(t)}:", made, re.MULTILINE)]
    return wrong + [f"no variable {v}" for v in variables if f"$({v})" not in made]


def of_semtoken(words: list[str]) -> list[str]:
    from semtoken_rag.cli import app

    known = typer.main.get_command(app)
    if not words or words[0].startswith("-"):
        made = known
    elif (made := known.commands.get(words[0])) is None:
        return [f"no command semtoken {words[0]}"]
    options = {"--help", *(o for p in made.params for o in p.opts)}
    return [f"semtoken {words[0]} takes no {w}" for w in words if w.startswith("-") and w not in options]


def of_python(words: list[str]) -> list[str]:
    if words[0] == "-m":
        found = find_spec(words[1]) if find_spec(words[1].partition(".")[0]) else None
        source = Path(found.origin) if found and found.origin else None
    else:
        source = ROOT / words[0]
    if source is None or not source.is_file():
        return [f"no such program: {words}"]
    if "evaluation" not in source.parts and "examples" not in source.parts:
        return []
    shared = ROOT / "evaluation" / "data" / "options.py"
    texts = [p.read_text(encoding="utf-8") for p in (*source.parent.glob("*.py"), shared)]
    options = [w for w in words if w.startswith("--")]
    return [f"{source.name} takes no {o}" for o in options if not any(names(o, t) for t in texts)]


def names(option: str, text: str) -> bool:
    """Tell whether a program names an option, to argparse or as a parameter for typer."""
    return f'"{option}"' in text or f" {option.strip('-').replace('-', '_')}: " in text


def of_pip(words: list[str]) -> list[str]:
    made = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    asked = [e for w in words for part in re.findall(r"\[([\w,-]+)\]", w) for e in part.split(",")]
    return [f"no extra {e}" for e in asked if not re.search(rf"^{re.escape(e)} = \[", made, re.MULTILINE)]
