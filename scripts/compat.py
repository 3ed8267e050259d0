"""Run the suites on the lowest and the newest versions: ``python scripts/compat.py [--quick]``.

Each row is a Python, as far as it is installed, a file of constraints, extras and suites. The extra ``llm``
uses private parts of transformers, so that its rows run ``tests/llm`` on the lowest and on the newest version
that pyproject.toml lets in. Environments are thrown away at the end; rows that need torch share one, and each
is installed over the one before it. ``--quick`` takes the first two rows, ``--python`` those of one version.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = "{}.{}".format(*sys.version_info[:2])
NEEDED = ("pytest", "pytest-socket", "hypothesis")
ADAPTERS = ("tests/contract/test_adapters.py", "tests/integrations", "tests/packaging/test_packaging.py")
CLASSIC = (*NEEDED, "langchain-classic")  # whose classes the adapters' tests use
ENGINE = (
    "tests/stages",
    "tests/store/test_store.py",
    "tests/encoders/test_static.py",
    "tests/engine/test_budget.py",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One environment: Python, constraints, extras, suites, further packages that the suites need."""

    python: str
    constraints: str
    extras: str
    suites: tuple[str, ...]
    needs: tuple[str, ...] = NEEDED


LLM = (*NEEDED, "pillow")
ROWS = (
    Row(
        HERE,
        "constraints-lowest.txt",
        "torch,offline,langchain,llama-index",
        (*ADAPTERS, "tests/encoders/test_transformer.py"),
        CLASSIC,
    ),
    Row(HERE, "constraints-lowest-llm.txt", "llm", ("tests/llm",), LLM),
    Row(HERE, "", "llm", ("tests/llm",), LLM),
    Row("3.10", "constraints-lowest.txt", "langchain,llama-index", (*ADAPTERS, *ENGINE), CLASSIC),
    Row("3.11", "constraints.txt", "langchain,llama-index", (*ADAPTERS, *ENGINE), CLASSIC),
    Row("3.12", "constraints.txt", "langchain,llama-index", (*ADAPTERS, *ENGINE), CLASSIC),
    Row("3.13", "constraints.txt", "langchain,llama-index", (*ADAPTERS, *ENGINE), CLASSIC),
)


def with_torch(row: Row) -> bool:
    """Return whether the extras of a row bring torch."""
    return bool({"torch", "llm"} & set(row.extras.split(",")))


def interpreter(version: str) -> str | None:
    """Find a Python that starts; a shim of pyenv may not."""
    own = [shutil.which(f"python{version}")]
    for path in [*own, *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))]:
        if path and subprocess.run([path, "-V"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def install(python: str, row: Row) -> str | None:
    """Install a row's packages; return what went wrong, or None."""
    command = [python, "-m", "pip", "install", "--quiet", "--upgrade", "--upgrade-strategy", "eager"]
    command += ["-c", row.constraints] if row.constraints else []
    torch = ["torch==2.13.0"] if with_torch(row) else []
    done = subprocess.run(
        [*command, *torch, f"-e.[{row.extras}]", *row.needs],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.returncode:
        return None
    return next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), done.stderr[-200:])


def run(python: str, row: Row) -> str:
    """Run the suites of a row; return pytest's last line."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    if "llama-index" in row.extras and "lowest" in row.constraints:
        # llama-index-core 0.13 looks for the data that it ships outside its own folder.
        code = (
            "import importlib.util as u; print(u.find_spec('llama_index.core').submodule_search_locations[0])"
        )
        found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        environment["NLTK_DATA"] = found.stdout.strip()
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *row.suites],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-2000:])
    return done.stdout.strip().rpartition("\n")[2] or f"error: pytest ended with {done.returncode}"


def tried(row: Row, folder: Path) -> str:
    """Install and test; return what pytest says last, or what went wrong."""
    if (found := interpreter(row.python)) is None:
        return "not installed here"
    if not (python := folder / "bin" / "python").exists():
        subprocess.run([found, "-m", "venv", str(folder)], check=True)
    if wrong := install(str(python), row):
        return f"cannot be installed: {wrong}"
    return run(str(python), row)


def main() -> None:
    """Go through the rows and print a table; end with 1 if a suite failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--python", metavar="VERSION", choices=sorted({row.python for row in ROWS}))
    args = parser.parse_args()
    rows = [row for row in ROWS[: 2 if args.quick else None] if args.python in (None, row.python)]
    fine = True
    print("| Python | constraints | extras | seconds | |\n| --- | --- | --- | ---: | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for number, row in enumerate(rows):
            started = time.monotonic()
            said = tried(row, Path(folder, "torch" if with_torch(row) else str(number)))
            fine &= "failed" not in said and "error" not in said and "cannot" not in said
            seconds = f"{time.monotonic() - started:.0f}"
            named = row.constraints or "none: the newest"
            print(f"| {row.python} | {named} | {row.extras} | {seconds} | {said} |", flush=True)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
