from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from semtoken_rag.cli import app
from semtoken_rag.cli.figures import Name

pytest.importorskip("matplotlib")

TOWER = "The tower opened in 1889. It rained that day. Crowds came from far away. The lift broke twice. " * 2
BREAD = "Bread is made of flour, water and salt. The dough rests for an hour. Bake it at 220 degrees."
QUERIES = ("When did the tower open?", "How hot is the oven?")
NUMBERS = {
    "gains": {"prefill": [[0.2, 6.1], [0.5, 2.2]]},
    "radar": {"one": {"answers": 0.9, "speed": 0.5, "budget": 1}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tower.md").write_text(TOWER, encoding="utf-8")
    (tmp_path / "bread.md").write_text(BREAD, encoding="utf-8")
    for name, numbers in NUMBERS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(numbers), encoding="utf-8")
    return tmp_path


def figure(
    name: str, folder: Path, *files: str, queries: tuple[str, ...] = QUERIES, more: tuple[str, ...] = ()
):
    asked = [part for query in queries for part in ("--query", query)]
    given = [*(str(folder / file) for file in files), *asked, "--out", str(folder / "out"), *more]
    return CliRunner().invoke(app, ["figure", name, *given, "--encoder", "static"])


def drawn(folder: Path, name: str) -> str:
    return (folder / "out" / f"{name}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [each.value for each in Name])
def test_every_figure_has_its_line(folder: Path, name: str):
    files = [f"{name}.json"] if name in NUMBERS else ["tower.md", "bread.md"]
    result = figure(name, folder, *files)
    assert result.exit_code == 0, result.output
    written = [Path(line) for line in result.stdout.splitlines()]
    assert written == [folder / "out" / f"{name}.png", folder / "out" / f"{name}.svg"]
    assert written[0].read_bytes().startswith(b"\x89PNG")


def test_the_threshold_is_that_of_the_option(folder: Path):
    first = figure("density", folder, "tower.md", more=("--threshold", "0.25"))
    assert first.exit_code == 0, first.output
    assert "threshold 0.25" in drawn(folder, "density")


def test_every_question_has_a_panel(folder: Path):
    assert figure("importance", folder, "tower.md", "bread.md").exit_code == 0
    assert all(query in drawn(folder, "importance") for query in QUERIES)


def test_every_file_has_a_bar_and_every_tau_a_panel(folder: Path):
    result = figure("clusters", folder, "tower.md", "bread.md", more=("--tau", "0.5", "--tau", "0.25"))
    assert result.exit_code == 0, result.output
    said = drawn(folder, "clusters")
    assert all(part in said for part in ("tower.md", "bread.md", "tau = 0.5", "tau = 0.25"))


@pytest.mark.parametrize(
    ("name", "files", "queries", "shown"),
    [
        ("density", ["missing.md"], QUERIES, "missing.md"),
        ("importance", ["tower.md"], (), "--query"),
        ("gains", ["radar.json"], QUERIES, "NAME"),
        ("gains", ["tower.md"], QUERIES, "The tower opened"),
        ("gains", ["gains.json", "gains.json"], QUERIES, "got 2"),
        ("radar", ["gains.json"], QUERIES, "METHOD"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(folder: Path, name, files, queries, shown):
    result = figure(name, folder, *files, queries=queries)
    assert result.exit_code == 2
    assert shown in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (folder / "out").exists()
