"""A version is released only if package, changelog, citation and tag agree on it."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts.release import (
    CHANGELOG,
    CITATION,
    PACKAGE,
    ROOT,
    THIN,
    Refused,
    agreement,
    call,
    check,
    readme,
    wheels,
    wrong,
)

METADATA = """Metadata-Version: 2.4
Name: semtoken-rag
Version: 1.2.3
Summary: Compression
Requires-Python: >=3.10
License-Expression: Apache-2.0
License-File: LICENSE
Project-URL: Source, https://example.org
Classifier: Typing :: Typed
Description-Content-Type: text/markdown

# semtoken-rag
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose files agree on version 1.2.3."""
    files = {
        PACKAGE: '"""Ours."""\n\n__version__ = "1.2.3"\n',
        CHANGELOG: "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-30\n\n## [1.2.2] - 2026-10-01\n",
        CITATION: "cff-version: 1.2.0\nversion: 1.2.3\ndate-released: 2026-11-30\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def change(repository: Path, file: str, old: str, new: str) -> None:
    text = (repository / file).read_text(encoding="utf-8")
    assert old in text
    (repository / file).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("tag", [None, "1.2.3", "v1.2.3", "refs/tags/v1.2.3"])
def test_a_version_that_all_agree_on_is_accepted(repository: Path, tag: str | None):
    assert check(repository, tag) == "1.2.3"


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        (PACKAGE, "1.2.3", "1.2.4", f"{PACKAGE} says 1.2.4, {CHANGELOG} says 1.2.3"),
        (CHANGELOG, "[1.2.3]", "[1.3.0]", f"{PACKAGE} says 1.2.3, {CHANGELOG} says 1.3.0"),
        (CITATION, "version: 1.2.3", "version: 1.2.2", f"{PACKAGE} says 1.2.3, {CITATION} says 1.2.2"),
        (CITATION, "version: 1.2.3", 'version: "1.2.2"', f"{PACKAGE} says 1.2.3, {CITATION} says 1.2.2"),
        (CITATION, "2026-11-30", "2026-11-29", f"the version 2026-11-30, {CITATION} 2026-11-29"),
        (
            CHANGELOG,
            "2026-11-30",
            "unreleased",
            f"{CHANGELOG} dates the version 'unreleased', not with a day",
        ),
        (CHANGELOG, " - 2026-11-30", "", f"{CHANGELOG} dates the version '', not with a day"),
        (PACKAGE, "__version__", "version", f"{PACKAGE}: nothing matches"),
    ],
)
def test_a_disagreement_is_refused_with_both_values(repository: Path, file, old, new, reason):
    change(repository, file, old, new)
    with pytest.raises(Refused) as refused:
        check(repository)
    assert reason in str(refused.value)


def test_a_tag_of_another_version_is_refused_with_both_values(repository: Path):
    with pytest.raises(Refused, match=r"^semtoken_rag/__init__\.py says 1\.2\.3, the tag says 1\.2\.4$"):
        check(repository, "v1.2.4")


def test_every_disagreement_is_named_at_once(repository: Path):
    change(repository, PACKAGE, "1.2.3", "2.0.0")
    change(repository, CHANGELOG, "2026-11-30", "soon")
    with pytest.raises(Refused) as refused:
        check(repository, "v1.0")
    assert len(str(refused.value).splitlines()) == 5  # changelog, citation, tag, no day, another day


def test_the_files_of_this_repository_agree():
    assert agreement(ROOT) == []


def built(folder: Path, text: str, suffix: str, *modules: str) -> Path:
    """Write a wheel of these modules, or an sdist that holds metadata alone."""
    if suffix == ".whl":
        path = folder / "semtoken_rag-1.2.3-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("semtoken_rag-1.2.3.dist-info/METADATA", text)
            for module in modules:
                wheel.writestr(module, "")
        return path
    path = folder / "semtoken_rag-1.2.3.tar.gz"
    with tarfile.open(path, "w:gz") as sdist:
        member = tarfile.TarInfo("semtoken_rag-1.2.3/PKG-INFO")
        member.size = len(text.encode())
        sdist.addfile(member, io.BytesIO(text.encode()))
    return path


@pytest.mark.parametrize("suffix", [".whl", ".tar.gz"])
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Apache-2.0", "Apache-2.0", None),
        ("Version: 1.2.3", "Version: 1.2.4", "its version is 1.2.4"),
        ("Summary: Compression\n", "", "no summary"),
        ("Project-URL: Source, https://example.org\n", "", "no project_urls"),
        ("Apache-2.0", "the Apache one", "the Apache one"),
        (">=3.10", "3.10 or later", "3.10 or later"),
        ("text/markdown", "text/word", "text/word"),
    ],
)
def test_metadata_of_a_built_file_are_checked(tmp_path: Path, suffix, old, new, reason):
    assert old in METADATA
    reasons = wrong(built(tmp_path, METADATA.replace(old, new, 1), suffix), "1.2.3")
    assert (reasons == []) if reason is None else (len(reasons) == 1 and reason in reasons[0])


@pytest.mark.parametrize("suffix", [".whl", ".tar.gz"])
@pytest.mark.parametrize(
    ("needed", "reason"),
    [
        ("semtoken-rag[langchain]==1.2.3", None),
        ("semtoken-rag[langchain]==1.2.2", "got ['semtoken-rag[langchain]==1.2.2']"),
        ("semtoken-rag[langchain]>=1.2.3", "it must need semtoken-rag[langchain]==1.2.3 alone"),
        ("semtoken-rag==1.2.3", "it must need semtoken-rag[langchain]==1.2.3 alone"),
    ],
)
def test_a_thin_distribution_needs_the_package_at_its_own_version(tmp_path: Path, suffix, needed, reason):
    text = METADATA.replace("semtoken-rag", "langchain-semtoken", 1)
    text = text.replace("Requires-Python", f"Requires-Dist: {needed}\nRequires-Python")
    reasons = wrong(built(tmp_path, text, suffix), "1.2.3")
    assert (reasons == []) if reason is None else (len(reasons) == 1 and reason in reasons[0])


def test_a_thin_distribution_holds_no_module(tmp_path: Path):
    text = METADATA.replace("semtoken-rag", "langchain-semtoken", 1)
    text = text.replace("Requires-Python", "Requires-Dist: semtoken-rag[langchain]==1.2.3\nRequires-Python")
    (reason,) = wrong(built(tmp_path, text, ".whl", "langchain_semtoken/llm.py"), "1.2.3")
    assert reason.endswith("it must hold metadata alone, got ['langchain_semtoken/llm.py']")


def test_the_thin_distributions_are_the_folders_of_packages():
    folders = {folder.name for folder in (ROOT / "packages").iterdir()}
    assert folders == set(THIN)
    for name, extra in THIN.items():
        described = (ROOT / "packages" / name / "pyproject.toml").read_text(encoding="utf-8")
        assert f'name = "{name}"\n' in described
        assert f'extra = "{extra}"\n' in described
        assert "\nversion" not in described
        code, printed = readme(ROOT / "packages" / name)
        assert "import SemToken" in code
        assert printed


@pytest.mark.parametrize("name", THIN)
def test_what_each_thin_distribution_has_of_its_own_is_the_same(name: str):
    """An sdist holds what it is built with, so that each of them has a copy."""
    folder, first = ROOT / "packages" / name, ROOT / "packages" / next(iter(THIN))
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (folder / "hatch_build.py").read_bytes() == (first / "hatch_build.py").read_bytes()


def test_a_thin_distribution_is_installed_with_the_package_built_beside_it():
    names = [
        "langchain_semtoken-1-py3-none-any.whl",
        "langchain_semtoken-1.tar.gz",
        "llama_index_postprocessor_semtoken-1-py3-none-any.whl",
        "semtoken_rag-1-py3-none-any.whl",
    ]
    assert [path.name for path in wheels([Path(name) for name in names], "langchain-semtoken")] == [
        names[0],
        names[3],
    ]


def test_a_command_runs_without_the_repository_and_is_refused_with_what_it_said(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = "import importlib.util as u; print(u.find_spec('semtoken_rag'))"
    assert call(str(tmp_path), sys.executable, "-Sc", found) == "None\n"
    with pytest.raises(Refused, match=r"ended with 3:\nwords$"):
        call(str(tmp_path), sys.executable, "-Sc", "print('words', end=''); raise SystemExit(3)")


def test_the_command_prints_the_reasons_and_ends_with_1():
    command = [sys.executable, str(ROOT / "scripts" / "release.py"), "--check-only", "--tag", "v99"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the tag says 99" in done.stderr
    assert done.stdout == ""
