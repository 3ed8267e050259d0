"""Check a release and build it: ``python scripts/release.py [--tag v0.1.0] [--out dist] [--check-only]``.

Package, changelog, ``CITATION.cff`` and, if given, the tag must agree on one version, and the changelog must
date it. Then wheel and sdist are built into a folder, and their metadata are checked. Nothing is uploaded.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from packaging.metadata import ExceptionGroup, Metadata

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, CHANGELOG, CITATION = "semtoken_rag/__init__.py", "CHANGELOG.md", "CITATION.cff"
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
    """Build sdist and wheel, the wheel from the sdist, and return the two files."""
    before = set(out.glob("*"))
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(out), str(root)], check=True)
    made = sorted(set(out.glob("*")) - before)
    if [path.suffix for path in made] != [".whl", ".gz"]:
        raise Refused(f"{out} got {[path.name for path in made]}, not a new sdist and a new wheel")
    return made


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
    return reasons + [f"{file.name}: no {name}" for name in needed if not getattr(made, name)]


def main() -> int:
    """Check, build, check what was built, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tag", help="a tag that must name the same version")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for wheel and sdist")
    parser.add_argument("--check-only", action="store_true", help="build nothing")
    args = parser.parse_args()
    try:
        version = check(ROOT, args.tag)
        files = [] if args.check_only else build(ROOT, args.out)
        if reasons := [reason for file in files for reason in wrong(file, version)]:
            raise Refused("\n".join(reasons))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    print(
        f"{version} can be released", *(f"{file}, {file.stat().st_size:,} bytes" for file in files), sep="\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
