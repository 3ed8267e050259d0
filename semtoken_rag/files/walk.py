"""Files of folders in order, and their content; what they are is looked at before they are read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from semtoken_rag.files.limits import Limits

LEFT_OUT = frozenset({"node_modules", "__pycache__"})  # and what begins with a dot
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name is left out."""
    return name.startswith(".") or name in LEFT_OUT


def walk(top: Path, seen: set[str] | None = None) -> Iterator[Path]:
    """Yield what is no folder, in order, and last what cannot be listed; links are never followed.

    Parameters
    ----------
    top
        A folder.
    seen
        Folders that were walked before, and are not again; those of this walk are added.

    Yields
    ------
    Path
        A file, a link, or a folder that cannot be listed.
    """
    seen = set() if seen is None else seen
    closed: list[str] = []
    for where, inner, files in os.walk(top, onerror=lambda error: closed.append(error.filename)):
        if where in seen:
            inner.clear()
            continue
        seen.add(where)
        links = [name for name in inner if Path(where, name).is_symlink()]
        inner[:] = sorted(name for name in inner if name not in links and not is_hidden(name))
        yield from (Path(where, name) for name in sorted([*files, *links]) if not is_hidden(name))
    yield from map(Path, closed)


def fault_of(state: os.stat_result, limits: Limits) -> str:
    """Return why something is not read, empty for a file that may be."""
    if stat.S_ISLNK(state.st_mode):
        return "a link"
    if stat.S_ISDIR(state.st_mode):
        return "a folder that cannot be listed"
    if not stat.S_ISREG(state.st_mode):
        return "no regular file"
    if state.st_size > limits.file_bytes:
        return f"larger than {limits.file_bytes} bytes"
    return ""


def content(path: Path, limits: Limits) -> bytes:
    """Read a file that need not be what it was when it was listed.

    Parameters
    ----------
    path
        The file; a link in its place is an error.
    limits
        What it may take.

    Returns
    -------
    bytes
        All that it holds.

    Raises
    ------
    ValueError
        If it is no file, or too large.
    OSError
        If it cannot be read.
    """
    with os.fdopen(os.open(path, _READ), "rb") as file:
        if fault := fault_of(os.fstat(file.fileno()), limits):
            raise ValueError(fault)
        return file.read(limits.file_bytes)
