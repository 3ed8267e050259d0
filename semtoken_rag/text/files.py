"""Files: UTF-8 with an error that names the place, what links lead to, writing as a whole."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path


def decode_utf8(data: bytes, name: str, rule: str = "a text must be UTF-8") -> str:
    r"""Decode a file's bytes. Newlines stay as they are, so that offsets hold.

    Parameters
    ----------
    data
        Content of the file.
    name
        Name of the file, for the error.
    rule
        What the error says.

    Returns
    -------
    str
        The text.

    Raises
    ------
    ValueError
        If it is not UTF-8; names the file, the line (from 1), what stands there, and at which byte (from 0).

    Examples
    --------
    >>> decode_utf8(b"one\ntwo caf\xe9", "a.txt")
    Traceback (most recent call last):
    ValueError: a.txt, line 2: a text must be UTF-8, got b'\xe9' at 11
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, found = data.count(b"\n", 0, error.start) + 1, data[error.start : error.start + 10]
        place = f"{name}, line {line}"
        raise ValueError(f"{place}: {rule}, got {found!r} at {error.start}") from None


def is_inside(path: Path, folder: Path) -> bool:
    """Return whether a path stands for something in a folder after all links are followed."""
    return path.resolve().is_relative_to(folder.resolve())


def write_whole(path: str | Path, data: bytes) -> None:
    """Write a file that holds all of the data in the end, or is as it was.

    The data go to a new file, which then takes the name. A link is followed; what is no file, such as a pipe
    or ``/dev/stdout``, is written to.

    Parameters
    ----------
    path
        The file; its folder exists.
    data
        All that it shall hold.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    target = path.resolve()
    new = target.with_name(f".semtoken-{secrets.token_hex(8)}")
    try:
        if target.exists():
            target.open("ab").close()  # an error if it must not be written
        with new.open("xb") as file:
            file.write(data)
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise
    finally:
        new.unlink(missing_ok=True)
