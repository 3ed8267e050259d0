"""Run the adapters' suites on the lowest and the newest versions: ``python scripts/compat.py [--quick]``.

Each row is a virtual environment of its own, thrown away at the end: a Python, as far as it is installed, and
a file of constraints. Only where torch goes in are the tests of the transformer encoder run. ``--quick``
takes the first row alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = "{}.{}".format(*sys.version_info[:2])
NEEDED = ("pytest", "pytest-socket", "hypothesis")
ADAPTERS = ("tests/contract/test_adapters.py", "tests/integrations", "tests/packaging")
ENGINE = (
    *(f"tests/test_{n}.py" for n in ("static", "budget", "segment", "select", "store")),
    "tests/reliability/test_hostile.py",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One environment: Python, constraints, extras, suites."""

    python: str
    constraints: str
    extras: str
    suites: tuple[str, ...]


ROWS = (
    Row(HERE, "constraints-lowest.txt", "torch,offline,langchain,llama-index", (*ADAPTERS, "tests/models")),
    Row("3.10", "constraints-lowest.txt", "langchain,llama-index", (*ADAPTERS, *ENGINE)),
    Row("3.11", "constraints.txt", "langchain,llama-index", (*ADAPTERS, *ENGINE)),
    Row("3.12", "constraints.txt", "langchain,llama-index", (*ADAPTERS, *ENGINE)),
    Row("3.13", "constraints.txt", "langchain,llama-index", (*ADAPTERS, *ENGINE)),
)


def interpreter(version: str) -> str | None:
    """Find a Python that starts; a shim of pyenv may not."""
    own = [shutil.which(f"python{version}")]
    for path in [*own, *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))]:
        if path and subprocess.run([path, "-V"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def tried(row: Row, folder: Path) -> str:
    """Install and test; return what pytest says last, or what went wrong."""
    if (found := interpreter(row.python)) is None:
        return "not installed here"
    subprocess.run([found, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "-c", row.constraints]
    needs = (["torch==2.13.0"] if "torch" in row.extras else []) + [f"-e.[{row.extras}]", *NEEDED]
    done = subprocess.run([*install, *needs], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return "cannot be installed: " + next(
            (line for line in done.stderr.splitlines() if line.startswith("ERROR")), done.stderr[-200:]
        )
    # llama-index-core 0.13 looks for the data that it ships outside its own folder.
    code = "import importlib.util as u; print(u.find_spec('llama_index.core').submodule_search_locations[0])"
    data = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    lowest = {"NLTK_DATA": data} if "lowest" in row.constraints else {}
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *row.suites],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **lowest},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-2000:])
    return done.stdout.strip().rpartition("\n")[2]


def main() -> None:
    """Go through the rows and print a table; end with 1 where a suite failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    fine = True
    print("| Python | constraints | extras | |\n| --- | --- | --- | --- |")
    for row in ROWS[: 1 if parser.parse_args().quick else None]:
        with tempfile.TemporaryDirectory() as folder:
            said = tried(row, Path(folder))
        fine &= "failed" not in said and "error" not in said and "cannot" not in said
        print(f"| {row.python} | {row.constraints} | {row.extras} | {said} |", flush=True)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
