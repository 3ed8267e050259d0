"""Where the sets are, and the options that the scripts share."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation.results import ROOT

SHARED = ROOT.parent / "shared" / "data"  # all sets, where they stand beside the repository
SAMPLE = ROOT / "evaluation" / "sample"  # the first rows of each, which are in the repository
HELP: Mapping[str, str] = {
    "--set": "a question-answering set",
    "--sets": "question-answering sets",
    "--n": "questions of a set, from the first on",
    "--encoder": "an encoder's name: auto, static, minilm, or a model",
}


def data_folder() -> Path:
    """Return the default folder of the sets: the full sets if they are there, else the sample."""
    return SHARED if SHARED.is_dir() else SAMPLE


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help shows a module's docstring as it is."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def data_parser(description: str | None, *, sample: bool = True, **defaults: Any) -> argparse.ArgumentParser:
    """Return a parser with ``--data`` and the options of `HELP` that a script takes.

    Parameters
    ----------
    description
        The script's docstring.
    sample
        Whether the default is the sample where the full sets are missing; not for what writes into the
        repository.
    **defaults
        Options, without dashes, and their defaults. A default that is a tuple takes several values.

    Examples
    --------
    >>> data_parser("Measure.", set="xquad_en", n=10).parse_args(["--n", "3"]).n
    3
    """
    made = parser(description)
    folder = data_folder() if sample else SHARED
    made.add_argument(
        "--data", type=Path, default=folder, metavar="FOLDER", help="folder of the sets; default: %(default)s"
    )
    for name, default in defaults.items():
        option = f"--{name}"
        if isinstance(default, tuple):
            made.add_argument(option, nargs="+", default=default, help=HELP[option])
        else:
            kind = at_least_one if name == "n" else type(default)
            made.add_argument(option, type=kind, default=default, help=HELP[option])
    return made


def at_least_one(text: str) -> int:
    """Return a number of questions; argparse says of any other text that it is invalid.

    >>> at_least_one("3")
    3
    """
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return int(text)
