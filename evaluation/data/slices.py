"""The data for training, dealt into slices by a hash of each question's id.

``train`` is for encoders, ``fit`` for the few weights beside them, ``held`` for choosing and reporting.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from evaluation.data.sets import TRAINING, example, rows
from semtoken_rag.train.examples import Example

FOLDER = "train"  # beside the folder of the other sets
PARTS = 20  # of which one is held back for measuring and one for fitting
SLICES = ("train", "fit", "held")
_ID = re.compile(r'\{"id": ("[^"\\]*"), ')


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a source.

    Attributes
    ----------
    example
        The question with its chunks.
    source, language
        Name of the set, and code of the language.
    hops
        Places that answer it.
    """

    example: Example
    source: str
    language: str
    hops: int


def slice_of(name: str) -> str:
    """Return the slice, one of `SLICES`, of the row with an id."""
    number = int(hashlib.sha256(name.encode()).hexdigest(), 16) % PARTS
    return {0: "held", 1: "fit"}.get(number, "train")


def read(folder: Path, which: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a slice of the data for training, with the name of their source.

    Parameters
    ----------
    folder
        The folder of the sets; these are in its folder ``train``.
    which
        One of `SLICES`.

    Raises
    ------
    FileNotFoundError
        If the folder has no such sets.
    """
    files = sorted((folder / FOLDER).glob("*.jsonl.gz"))
    if not files:
        raise FileNotFoundError(f"no sets in {folder / FOLDER}: give --data FOLDER")
    for file in files:
        for row in _rows(file, which):
            yield file.name.split(".")[0], row


def sources(folder: Path, which: str) -> dict[str, list[Question]]:
    """Return the questions of a slice by source, without those whose answer was not found.

    The sources are those of `read`, and what may be trained on of the sets that are reported.
    """
    more = (
        (name, row)
        for name, first, last in TRAINING
        for row in rows(folder, name)[first:last]
        if slice_of(str(row["id"])) == which
    )
    found: dict[str, list[Question]] = {}
    for source, row in chain(read(folder, which), more):
        if (made := example(row)).gold:
            hops = row.get("hops") or len({chunk for chunk, _, _ in made.gold})
            question = Question(made, source, row.get("lang") or "en", hops)
            found.setdefault(source, []).append(question)
    return found


def drawn(folder: Path, which: str, each: int) -> dict[str, list[Question]]:
    """Draw at most ``each`` questions of every source of a slice, always the same."""
    dice = random.Random(0)
    return {name: dice.sample(qs, min(each, len(qs))) for name, qs in sources(folder, which).items()}


def _rows(file: Path, which: str) -> Iterator[dict[str, Any]]:
    """Read the rows of a slice; a line begins with its id, and the others are not parsed."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            known = _ID.match(line)
            if not known or slice_of(json.loads(known[1])) == which:
                yield json.loads(line)
