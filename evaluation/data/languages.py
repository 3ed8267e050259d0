"""Questions by language, of a slice that no encoder is trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

from evaluation.data.slices import read


def by_language(
    folder: Path,
    which: str,
    most: int,
    counts: Callable[[dict[str, Any]], bool],
    english: int | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Return rows of a slice by language, taken from the sources of a language in turn.

    Parameters
    ----------
    folder, which
        See `evaluation.data.slices.read`.
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
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for source, row in read(folder, which):
        found[row.get("lang") or "en"][source].append(row)
    chosen = {}
    for language, sources in sorted(found.items()):
        limit = english if english is not None and language == "en" else most
        chosen[language] = list(islice(filter(counts, _in_turn(sources.values())), limit))
    return {language: rows for language, rows in chosen.items() if rows}


def _in_turn(sources: Iterable[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    rows = chain.from_iterable(zip_longest(*sources))
    return (row for row in rows if row is not None)
