"""Errors on the command line: one line and exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from semtoken_rag.cli.streams import STATUS, echo


@contextmanager
def one_line() -> Iterator[None]:
    """Print errors that a user can mend as one line on standard error, and exit with status 2."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        echo("semtoken: " + " ".join(str(error).split()), err=True)
        raise typer.Exit(STATUS) from None
