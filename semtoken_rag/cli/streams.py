"""Standard streams of the command: closed ones, full disks, and what a terminal would obey."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

import typer

from semtoken_rag.text.visible import printable

STATUS = 2


class Closed(io.TextIOBase):
    """Takes the place of a standard output that is closed, so that to write to it is an error."""

    def writable(self) -> bool:
        """Return True: writing fails, and says why."""
        return True

    def write(self, text: str) -> int:
        """Raise the error that the system raises for a closed file."""
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def echo(text: str, *, err: bool = False) -> None:
    """Print a line; a terminal gets it without the characters that it would obey, a pipe as it is.

    Parameters
    ----------
    text
        The line, or several.
    err
        Whether it goes to standard error.
    """
    shown = printable(text) if _is_terminal(sys.stderr if err else sys.stdout) else text
    typer.echo(shown, err=err, color=True)  # else typer leaves escapes out


def run(command: Callable[[], Any]) -> None:
    """Run the command; output that cannot be written is one line on standard error and exit status 2.

    Parameters
    ----------
    command
        Prints, and may raise SystemExit.
    """
    _hold_closed()
    if sys.stdout is None:
        sys.stdout = Closed()
    try:
        command()
    except (OSError, UnicodeEncodeError) as error:
        with suppress(OSError):
            echo(f"semtoken: the output cannot be written: {error}", err=True)
        _drop_output()
        sys.exit(STATUS)


def read_stdin() -> bytes:
    """Read standard input to its end; raise ValueError if it is closed."""
    if sys.stdin is None:
        raise ValueError("standard input is closed: name a file")
    return typer.get_binary_stream("stdin").read()


def _is_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and stream.isatty()


def _hold_closed() -> None:
    """Open the null device in place of closed streams, whose numbers the next file opened would get."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _drop_output() -> None:
    """Send what the buffers still hold nowhere: Python writes it at its end, and would fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(null, number)
