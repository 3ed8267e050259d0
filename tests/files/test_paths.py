"""Files, folders and patterns: what is read of them, and what is skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from semtoken_rag.files import Limits, read_paths


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the working directory with texts, links, hidden files and what is no text."""
    monkeypatch.chdir(tmp_path)
    root = Path("files")
    for inner in ("deep", ".git", "node_modules"):
        (root / inner).mkdir(parents=True)
        (root / inner / "b.md").write_text(f"# In {inner}\n")
    (root / "a.txt").write_text("One.")
    (root / ".env").write_text("SECRET=1")
    (root / "c.bin").write_bytes(b"\0")
    return root


def read(*paths: str | Path, **limits: int) -> tuple[list[str], dict[str, str]]:
    documents, skipped = read_paths(paths, limits=Limits(**limits))
    return [document.name for document in documents], dict(skipped)


def test_a_folder_is_read_in_order_and_what_is_skipped_is_told(folder: Path):
    names, skipped = read(folder)
    assert names == ["files/a.txt", "files/deep/b.md"]
    assert skipped == {"files/c.bin": "not a text"}


def test_no_file_is_read_twice(folder: Path):
    assert read("files/deep/b.md", folder, "files/*.txt")[0] == ["files/deep/b.md", "files/a.txt"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("files/**/*.md", ["files/deep/b.md"]),
        ("files/*", ["files/a.txt"]),
        ("**/?.txt", ["files/a.txt"]),
        ("files/**", ["files/a.txt", "files/deep/b.md"]),
        ("fi*/[ab].txt", ["files/a.txt"]),
        ("{root}/files/d*/*", ["{root}/files/deep/b.md"]),
    ],
)
def test_patterns(folder: Path, pattern: str, names: list[str]):
    root = Path.cwd().as_posix()
    assert read(pattern.format(root=root))[0] == [name.format(root=root) for name in names]


def test_a_file_may_have_the_name_of_a_pattern(folder: Path):
    (folder / "[a].txt").write_text("Brackets.")
    assert read("files/[a].txt")[0] == ["files/[a].txt"]


def test_links_in_a_circle_or_out_of_the_folder_are_not_followed(folder: Path, tmp_path: Path):
    (tmp_path / "secret.txt").write_text("4711")
    (folder / "deep" / "up").symlink_to("..")
    (folder / "deep" / "self").symlink_to("self")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "in.txt").symlink_to("deep/b.md")
    (tmp_path / "alias").symlink_to(folder)
    names, skipped = read("alias")
    assert names == ["alias/a.txt", "alias/in.txt"]  # deep/b.md is the same file
    del skipped["alias/c.bin"]
    assert skipped.pop("alias/deep/self")
    assert skipped == {
        "alias/out.txt": "a link that leads out of the folder",
        "alias/deep/up": "a link to a folder",
    }
    assert read("files/out.txt")[0] == ["files/out.txt"]  # it is named


def test_bounds_of_a_call(folder: Path):
    assert read(folder, files=1) == (
        ["files/a.txt"],
        {"files/c.bin and what follows it": "beyond the first 1 files"},
    )
    assert read(folder, characters=5)[1]["files/deep/b.md"] == "beyond the first 5 characters"
    assert read(folder, file_bytes=5)[1]["files/deep/b.md"] == "larger than 5 bytes"


def test_a_pipe_is_read_if_it_is_named_and_else_is_no_file(folder: Path):
    os.mkfifo(folder / "pipe")
    assert read(folder)[1]["files/pipe"] == "no regular file"
    reading, writing = os.pipe()
    os.write(writing, b"Piped.")
    os.close(writing)
    documents, _ = read_paths([f"/dev/fd/{reading}"])
    os.close(reading)
    assert documents[0].text == "Piped."


@pytest.mark.parametrize(
    ("path", "error", "said"),
    [
        ("files/c.bin", ValueError, "files/c.bin cannot be read: not a text"),
        ("files/none.txt", OSError, "No such file or directory: 'files/none.txt'"),
        ("files/*.rst", ValueError, r"nothing matches 'files/\*\.rst'"),
    ],
)
def test_what_is_named_must_be_there_and_be_text(folder: Path, path: str, error: type, said: str):
    with pytest.raises(error, match=said):
        read_paths([path])


def test_one_path_alone_is_refused(folder: Path):
    with pytest.raises(ValueError, match="paths must be a list, got 'files'"):
        read_paths("files")


def test_an_empty_folder_has_no_documents(tmp_path: Path):
    assert read_paths([tmp_path]) == ([], [])


def test_a_name_that_is_no_text_is_read(tmp_path: Path):
    try:
        Path(os.fsdecode(bytes(tmp_path / "caf") + b"\xe9.txt")).write_text("One.")
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    (document,) = read_paths([tmp_path])[0]
    assert document.name.endswith("/caf\ufffd.txt")
