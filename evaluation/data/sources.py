"""Where each set comes from, under which licence, and what its rows must be: ``sources.yaml``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("sources.yaml")


@dataclass(frozen=True, slots=True)
class Source:
    """A set.

    Parameters
    ----------
    name
        Folder and file, ``qa/xquad_en``.
    about, licence
        Where it is from and how it was made; the licence of the data as its source states it.
    rows, digest
        Their number, and `digest` of them.
    urls
        Public files that the rows are made of; none if that needs more than the repository has.
    convert
        Function of `evaluation.data.convert`.
    sampled
        Rows in the sample; 0 where a single row is a whole book.
    """

    name: str
    about: str
    licence: str
    rows: int
    digest: str
    urls: Sequence[str] = field(default=())
    convert: str = ""
    sampled: int = 10


def digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of rows as JSON with sorted keys, a line each.

    It says nothing of the file's compression or of the order of keys.
    """
    found = hashlib.sha256()
    for row in rows:
        found.update(json.dumps(row, sort_keys=True).encode() + b"\n")
    return found.hexdigest()


def sources() -> dict[str, Source]:
    """Return all sets by name."""
    given = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {name: Source(name, **values) for name, values in given.items()}
