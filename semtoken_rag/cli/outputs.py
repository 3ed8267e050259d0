"""Checks of a file to write, before anything is computed for it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

STDIN = "-"


def check_output(option: str, out: Path, inputs: Iterable[str | Path]) -> None:
    """Refuse a file in a folder that does not exist, and what `check_apart` refuses.

    Parameters
    ----------
    option
        Its name, for the error.
    out
        The file to write.
    inputs
        The files that are read, ``-`` for standard input.

    Raises
    ------
    ValueError
        If nothing can be written there, or an input is.
    """
    if not out.absolute().parent.is_dir():
        raise ValueError(f"{option} must be a file in a folder that exists, got {str(out)!r}")
    check_apart(option, out, inputs)


def check_apart(option: str, out: Path, inputs: Iterable[str | Path]) -> None:
    """Refuse to write over what the command reads.

    Parameters
    ----------
    option
        Its name, for the error.
    out
        The file to write.
    inputs
        The files that are read, ``-`` for standard input. Links to one, hard or soft, are the same file.

    Raises
    ------
    ValueError
        If it is one of the inputs, or a folder.
    """
    if out.is_dir():
        raise ValueError(f"{option} must be a file, not a folder, got {str(out)!r}")
    try:
        found = out.stat()
    except OSError:  # there is no such file yet
        return
    for file in inputs:
        try:
            same = os.path.samestat(os.fstat(0) if file == STDIN else Path(file).stat(), found)
        except OSError:  # closed, or missing, which reading it will say
            continue
        if same and out.is_file():
            name = "standard input" if file == STDIN else f"the input {str(file)!r}"
            raise ValueError(f"{option} must not be {name}, got {str(out)!r}")
