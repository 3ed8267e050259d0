"""Check a release and build it: ``python scripts/release.py [--tag v0.1.0] [--out dist] [--check-only]``.

Package, changelog, ``CITATION.cff`` and, if given, the tag must agree on one version, and the changelog must
date it. Then wheel and sdist of it, and of the thin distributions in ``packages/``, are built into a folder,
and their metadata are checked. Last, each thin distribution is installed in an environment of its own, where
its README and its tests have to run; this asks the package index. Nothing is uploaded.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from packaging.metadata import ExceptionGroup, Metadata

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, CHANGELOG, CITATION = "semtoken_rag/__init__.py", "CHANGELOG.md", "CITATION.cff"
THIN = {  # a folder in packages/, which is the distribution's name too: the extra that it installs
    "langchain-semtoken": "langchain",
    "llama-index-postprocessor-semtoken": "llama-index",
}
TESTS_NEED = ("pytest", "pytest-socket")
STANDARD = {"langchain-semtoken": ("langchain-tests>=1.1",)}  # a framework's own tests
BLOCK = re.compile(r"```python\n(.*?)```\s*<!-- output -->\s*```text\n(.*?)```", re.DOTALL)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Refused(Exception):
    """The release is not made; the message has each reason on a line."""


def found(root: Path, file: str, pattern: str) -> str:
    """Return the first group of a pattern in a file."""
    text = (root / file).read_text(encoding="utf-8")
    if (match := re.search(pattern, text, re.MULTILINE)) is None:
        raise Refused(f"{file}: nothing matches {pattern!r}")
    return match[1]


def agreement(root: Path, tag: str | None = None) -> list[str]:
    """Say where package, changelog, citation and tag disagree, with the two values of each.

    Parameters
    ----------
    root : Path
        The repository.
    tag : str or None
        A tag such as ``v0.1.0``; ``None`` if there is none yet.

    Returns
    -------
    list of str
        One sentence a disagreement; empty if there is none.

    Raises
    ------
    Refused
        If a file names no version at all.
    """
    version = found(root, PACKAGE, r'^__version__ = "([^"]*)"$')
    others = {
        CHANGELOG: found(root, CHANGELOG, r"^## \[(?!Unreleased\])([^\]]*)\]"),
        CITATION: found(root, CITATION, r"^version: *[\"']?([^\"'\s]*)[\"']?\s*$"),
    }
    if tag is not None:
        others["the tag"] = tag.removeprefix("refs/tags/").removeprefix("v")
    return [f"{PACKAGE} says {version}, {what} says {it}" for what, it in others.items() if it != version]


def date(root: Path) -> list[str]:
    """Say what is wrong with the date of the changelog's top version, if anything is."""
    said = found(root, CHANGELOG, r"^## \[(?!Unreleased\])[^\]]*\](?: - )?(.*)$")
    wrong = [] if DATE.fullmatch(said) else [f"{CHANGELOG} dates the version {said!r}, not with a day"]
    text = (root / CITATION).read_text(encoding="utf-8")
    cited = re.search(r"^date-released: *[\"']?([^\"'\s]*)", text, re.MULTILINE)
    if cited and cited[1] != said:
        wrong.append(f"{CHANGELOG} dates the version {said}, {CITATION} {cited[1]}")
    return wrong


def check(root: Path, tag: str | None = None) -> str:
    """Return the version to be released, or raise `Refused` with every reason not to."""
    if reasons := agreement(root, tag) + date(root):
        raise Refused("\n".join(reasons))
    return found(root, PACKAGE, r'^__version__ = "([^"]*)"$')


def build(root: Path, out: Path) -> list[Path]:
    """Build sdist and wheel of each distribution, the wheel from the sdist, and return the files."""
    folders = [root, *(root / "packages" / name for name in THIN)]
    return [file for folder in folders for file in sdist_and_wheel(folder, out)]


def sdist_and_wheel(folder: Path, out: Path) -> list[Path]:
    """Build sdist and wheel of one distribution, and return the two files."""
    before = set(out.glob("*"))
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(out), str(folder)], check=True)
    new = sorted(set(out.glob("*")) - before)
    if [path.suffix for path in new] != [".whl", ".gz"]:
        raise Refused(f"{out} got {[path.name for path in new]}, not a new sdist and a new wheel")
    return new


def metadata(file: Path) -> bytes:
    """Read the metadata of a wheel or an sdist."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            name = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
            return wheel.read(name)
    with tarfile.open(file) as sdist:
        name = f"{file.name.removesuffix('.tar.gz')}/PKG-INFO"
        if (member := sdist.extractfile(name)) is None:
            raise Refused(f"{file.name}: {name} is no file")
        return member.read()


def wrong(file: Path, version: str) -> list[str]:
    """Say what an index would refuse, or show wrongly, of a built file."""
    try:
        made = Metadata.from_email(metadata(file), validate=True)
    except ExceptionGroup as errors:
        return [f"{file.name}: {error}" for error in errors.exceptions]
    reasons = [] if str(made.version) == version else [f"{file.name}: its version is {made.version}"]
    needed = ("summary", "description", "description_content_type", "license_expression", "license_files")
    needed += ("requires_python", "project_urls", "classifiers")
    reasons += [f"{file.name}: no {name}" for name in needed if not getattr(made, name)]
    return reasons + (not_thin(file, made, version) if made.name in THIN else [])


def not_thin(file: Path, made: Metadata, version: str) -> list[str]:
    """Say what a thin distribution needs or holds besides the package at its own version.

    Two distributions that hold one file take it from each other when one of them is removed.
    """
    pinned, needs = f"semtoken-rag[{THIN[made.name]}]=={version}", [str(r) for r in made.requires_dist or []]
    reasons = [] if needs == [pinned] else [f"{file.name}: it must need {pinned} alone, got {needs}"]
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            held = [name for name in wheel.namelist() if ".dist-info/" not in name]
        reasons += [f"{file.name}: it must hold metadata alone, got {held}"] if held else []
    return reasons


def install(root: Path, name: str, wheels: Sequence[Path]) -> None:
    """Install a thin distribution in a clean environment, and run its README and its tests there.

    Parameters
    ----------
    root
        The repository, of which constraints, README and tests are used, and no module.
    name
        The distribution.
    wheels
        Its wheel and that of the package.

    Raises
    ------
    Refused
        If it cannot be installed, or if README or tests fail.
    """
    project = root / "packages" / name
    code, printed = readme(project)
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "venv", "bin", "python")
        call(folder, sys.executable, "-m", "venv", "venv")
        pip = (str(python), "-m", "pip", "install", "--quiet", "-c", str(root / "constraints.txt"))
        call(folder, *pip, *map(str, wheels))
        if (said := call(folder, str(python), "-c", code)) != printed:
            raise Refused(f"{name}: its README should print {printed!r}, got {said!r}")
        call(folder, *pip, *TESTS_NEED, *STANDARD.get(name, ()))
        tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(project / "pyproject.toml"))
        print(f"{name}:", call(folder, str(python), *tests, str(project / "tests")).splitlines()[-1])


def readme(project: Path) -> tuple[str, str]:
    """Return the first Python of a distribution's README, and what it prints."""
    if (block := BLOCK.search((project / "README.md").read_text(encoding="utf-8"))) is None:
        raise Refused(f"{project.name}: its README has no Python with its output")
    return block[1], block[2]


def call(folder: str, *command: str) -> str:
    """Run a command in a folder, with no module of the repository in sight, and return what it prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise Refused(f"{' '.join(command)[:300]} ended with {done.returncode}:\n{said}")
    return done.stdout


def wheels(files: Sequence[Path], name: str) -> list[Path]:
    """Return the wheels of a distribution and of the package among built files."""
    starts = tuple(f"{found.replace('-', '_')}-" for found in (name, "semtoken-rag"))
    return [file for file in files if file.suffix == ".whl" and file.name.startswith(starts)]


def main() -> int:
    """Check, build, check what was built, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tag", help="a tag that must name the same version")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for wheels and sdists")
    parser.add_argument("--check-only", action="store_true", help="build nothing")
    args = parser.parse_args()
    try:
        version = check(ROOT, args.tag)
        files = [] if args.check_only else build(ROOT, args.out)
        if reasons := [reason for file in files for reason in wrong(file, version)]:
            raise Refused("\n".join(reasons))
        for name in THIN if files else ():
            install(ROOT, name, wheels(files, name))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    print(
        f"{version} can be released", *(f"{file}, {file.stat().st_size:,} bytes" for file in files), sep="\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
