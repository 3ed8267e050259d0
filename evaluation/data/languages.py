"""Questions of many languages: parts of ``train/*.jsonl.gz`` that no encoder is trained on.

By the hash of a question's id they are in one of `PARTS`: the first is for measuring, the second for fitting
what few weights stand beside an encoder. The others are what encoders may be trained on.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

PARTS = 20
MEASURED, FITTED = 0, 1
_ID = re.compile(r'\{"id": ("[^"\\]*"), ')


def part_of(name: str) -> int:
    """Return the part of a question, from its id.

    >>> part_of("a"), part_of("b")
    (11, 13)
    """
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % PARTS


def by_language(
    folder: Path,
    part: int,
    most: int,
    counts: Callable[[dict[str, Any]], bool],
    english: int | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Return rows of a part by language, taken from the sources of a language in turn.

    Parameters
    ----------
    folder
        Folder of the sets; they are in its folder ``train``.
    part
        The part, below `PARTS`.
    most
        Rows of each language.
    counts
        Whether a row counts.
    english
        Rows of English, if not ``most``.

    Raises
    ------
    FileNotFoundError
        If the folder has none of the sets.
    """
    files = sorted((folder / "train").glob("*.jsonl.gz"))
    if not files:
        raise FileNotFoundError(f"no sets in {folder / 'train'}: give --data FOLDER")
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for file in files:
        for row in _rows(file, part):
            found[row["lang"]][file.name.split(".")[0]].append(row)
    chosen = {}
    for language, sources in sorted(found.items()):
        limit = english if english is not None and language == "en" else most
        chosen[language] = list(islice(filter(counts, _in_turn(sources.values())), limit))
    return {language: rows for language, rows in chosen.items() if rows}


def _rows(file: Path, part: int) -> Iterator[dict[str, Any]]:
    """Read the rows of a part; a line begins with its id, and the others are not parsed."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            known = _ID.match(line)
            if not known or part_of(json.loads(known[1])) == part:
                yield json.loads(line)


def _in_turn(sources: Iterable[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    rows = chain.from_iterable(zip_longest(*sources))
    return (row for row in rows if row is not None)
