"""Errors on the command line: one line and exit status 2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from semtoken_rag.cli.streams import STATUS, echo

# Arguments of Python that are options here.
_OPTION = re.compile(
    r"^(?:api_key|base|batch_size|deadline|encoder|keep|max_tokens|max_wait|ratio|splitter|store|"
    r"threshold|workers)(?==| must | needs | is | ')"
)


@contextmanager
def one_line() -> Iterator[None]:
    """Print errors that a user can mend as one line on standard error, and exit with status 2."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        echo(f"semtoken: {as_typed(' '.join(_reason(error).split()))}", err=True)
        raise typer.Exit(STATUS) from None


def as_typed(sentence: str) -> str:
    """Return a sentence about an argument of Python with the option in its place.

    >>> as_typed("max_tokens must be an int of at least 1, got 0")
    '--max-tokens must be an int of at least 1, got 0'
    """
    return _OPTION.sub(lambda found: "--" + found[0].replace("_", "-"), sentence)


def _reason(error: Exception) -> str:
    """Return an error's message; of the system's, the file and what is wrong, without its number.

    >>> _reason(FileNotFoundError(2, "No such file or directory", "notes.md"))
    'notes.md: No such file or directory'
    """
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
