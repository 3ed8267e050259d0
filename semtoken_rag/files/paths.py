"""Files, folders and patterns to documents; what is skipped is told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from semtoken_rag.deadline import check
from semtoken_rag.files.document import Document
from semtoken_rag.files.limits import Limits, Skipped
from semtoken_rag.files.read import parsed, read_document, reason_of
from semtoken_rag.files.walk import content, fault_of, walk
from semtoken_rag.text.encodable import encodable

# Characters of a name that would end its line, or steer the terminal or the direction of what is shown.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Found(NamedTuple):
    """A file by its path, its name in citations, and the folder that it must lie in; None: it was named."""

    path: Path
    name: str
    top: Path | None


def read_paths(
    paths: Sequence[str | Path], *, limits: Limits | None = None
) -> tuple[list[Document], list[Skipped]]:
    """Read files, folders, and patterns such as ``docs/**/*.md``.

    Parameters
    ----------
    paths
        Of a folder all files count, however deep, but those that are hidden (``.git``, ``node_modules``,
        ``__pycache__``); links are not followed out of it. A pattern is looked for only if there is no file
        of that name.
    limits
        What may be read; None for the defaults.

    Returns
    -------
    list of Document
        In the order of ``paths``, each folder sorted by name; no file twice.
    list of Skipped
        Files of folders and patterns that were not read, and why.

    Raises
    ------
    ValueError
        If a file that is named itself cannot be read as text, or nothing matches a pattern; names it.
    OSError
        If a file that is named itself is not there, or cannot be opened.
    ImportError
        If a library is missing for a file that is named itself; names the extra.
    """
    if isinstance(paths, (str, Path)):
        raise ValueError(f"paths must be a list, got {str(paths)!r:.200}")
    limits = limits or Limits()
    documents, skipped, left, seen = list[Document](), list[Skipped](), limits.characters, set[str]()
    for found in find(paths):
        if (real := os.path.realpath(found.path)) in seen:
            continue
        if len(seen) == limits.files:
            skipped.append(
                Skipped(f"{found.name} and what follows it", f"beyond the first {len(seen)} files")
            )
            break
        seen.add(real)
        check()
        document = read_found(found, limits)
        if isinstance(document, Document) and len(document.text) > left:
            document = f"beyond the first {limits.characters} characters"
        if isinstance(document, Document):
            documents.append(document)
            left -= len(document.text)
        else:
            skipped.append(Skipped(found.name, document))
    return documents, skipped


def read_below(top: Path, path: Path, name: str, *, limits: Limits | None = None) -> Document | str:
    """Read a file of a folder.

    Parameters
    ----------
    top
        The folder.
    path
        The file below it.
    name
        Its name in citations.
    limits
        What it may take; None for the defaults.

    Returns
    -------
    Document or str
        Its text, or why it is not read.
    """
    limits = limits or Limits()
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(top.resolve()):
            return "a link that leads out of the folder"
        if path.is_symlink() and real.is_dir():
            return "a link to a folder"
        if fault := fault_of(real.stat(), limits):
            return fault
        return parsed(name, content(real, limits), limits)
    except (ValueError, OSError, ImportError, RuntimeError) as error:  # the last: links in a circle
        return reason_of(error)


def find(paths: Sequence[str | Path]) -> Iterator[Found]:
    """Yield the files that paths stand for, see `read_paths`; one may come twice."""
    if not all(map(str, paths)):
        raise ValueError("a path must not be empty, got ''")  # which a path would take for this folder
    for given in map(Path, paths):
        if given.is_dir():
            yield from _below(given)
        elif given.exists() or not any(mark in str(given) for mark in "*?["):
            yield Found(given, in_line(given.as_posix()), None)
        else:
            yield from _matching(given)


def _below(folder: Path) -> Iterator[Found]:
    for path in walk(folder):
        yield Found(path, in_line(path.as_posix()), folder)


def in_line(name: str) -> str:
    r"""Return the name of a file as citations and messages have it: text, in one line.

    >>> in_line("a\nb.txt")
    'a\\nb.txt'
    """
    return _STEERING.sub(lambda found: repr(found[0])[1:-1], encodable(name))


def _matching(pattern: Path) -> Iterator[Found]:
    """Yield the files that match; the walk begins below the part of the pattern that has no marks."""
    plain = next(i for i, part in enumerate(pattern.parts) if any(mark in part for mark in "*?["))
    top, wanted, none = Path(*pattern.parts[:plain]), pattern.parts[plain:], True
    for found in _below(top):
        if _matches(found.path.relative_to(top).parts, wanted):
            none = False
            yield found
    if none:
        raise ValueError(f"nothing matches {str(pattern)!r:.200}")


def _matches(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_matches(parts[skip:], wanted[1:]) for skip in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], wanted[0]) and _matches(parts[1:], wanted[1:])


def read_found(found: Found, limits: Limits) -> Document | str:
    """Read a file of `find`; of a folder's, return why it cannot be read, of a named one, raise it."""
    if found.top is not None:
        return read_below(found.top, found.path, found.name, limits=limits)
    with found.path.open("rb") as file:  # may be a pipe
        return read_document(found.name, file.read(limits.file_bytes + 1), limits=limits)
