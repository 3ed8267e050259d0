"""Errors on the command line: one line and exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def one_line() -> Iterator[None]:
    """Print errors that a user can mend as one line on standard error, and exit with status 2."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        typer.echo("semtoken: " + " ".join(str(error).split()), err=True)
        raise typer.Exit(2) from None
