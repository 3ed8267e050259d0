"""The Dockerfile and the compose file name what is there; ``scripts/container_steps.sh`` runs the steps."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

pytest.importorskip("typer")
pytest.importorskip("yaml")
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from semtoken_rag.cli import app

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
STEPS = [line.split(" ", 1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def steps(name: str) -> list[str]:
    return [rest for step, rest in STEPS if step == name]


def test_the_entry_point_is_a_command_with_options_that_it_takes():
    (entry,) = map(json.loads, steps("ENTRYPOINT"))
    assert entry[:2] == ["semtoken", "serve"]
    known = {o for p in get_command(app).commands["serve"].params for o in p.opts}
    given = [*entry[2:], *COMPOSE["services"]["semtoken"]["command"]]
    assert {word for word in given if word.startswith("--")} <= known
    assert entry[entry.index("--port") + 1] in steps("EXPOSE")
    assert CliRunner().invoke(app, ["serve", "--help"]).exit_code == 0


def test_what_is_copied_and_installed_is_there():
    (built, *sources), (_, *to) = (shlex.split(rest) for rest in steps("COPY")[1:])
    assert built == "--from=build"
    assert sources[0] == to[0].rstrip("/") == "/dist"
    assert (ROOT / shlex.split(steps("COPY")[2])[0]).is_file()
    assert any("--outdir /dist ." in run for run in steps("RUN"))
    install = next(run for run in steps("RUN") if "/dist/*.whl" in run)
    (extra,) = re.findall(r"\[(\w+)\]", install)
    assert re.search(rf"^{extra} = \[", PYPROJECT, re.MULTILINE)
    assert "-c /dist/constraints.txt" in install


def test_it_runs_as_nobody_in_particular_offline_and_is_checked():
    assert steps("USER") == ["10001"]
    assert STEPS.index(["USER", "10001"]) < [step for step, _ in STEPS].index("ENTRYPOINT")
    assert "HF_HUB_OFFLINE=1" in steps("ENV")[0]
    code = json.loads(steps("HEALTHCHECK")[0].partition("CMD ")[2])
    compile(code[-1], "health", "exec")
    assert "/health" in code[-1]


def test_nothing_of_the_compose_file_is_open_to_the_network_or_writable():
    for service in COMPOSE["services"].values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert ":?" in COMPOSE["services"]["semtoken"]["environment"]["SEMTOKEN_API_KEY"]
