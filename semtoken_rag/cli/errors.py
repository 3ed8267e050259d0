"""What a user sees of an error: one line and the exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def one_line() -> Iterator[None]:
    """Turn errors that the user can do something about into one line on standard error."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        typer.echo("semtoken: " + " ".join(str(error).split()), err=True)
        raise typer.Exit(2) from None
