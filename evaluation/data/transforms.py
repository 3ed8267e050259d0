"""Rows changed on purpose: the gold chunk at a chosen place, near-duplicates among the chunks."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from evaluation.metrics import normalise, sentences

Row = dict[str, Any]
Transform = Callable[[Row], "Row | None"]


def resolve(name: str) -> Transform:
    """Return the transform of a name: ``none``, ``gold_at_K`` or ``duplicates``.

    A transform returns a new row, or None where it cannot be done.

    Raises
    ------
    ValueError
        For any other name.
    """
    if name == "none":
        return lambda row: row
    if name == "duplicates":
        return duplicates
    if found := re.fullmatch(r"gold_at_([1-9]\d*)", name):
        return lambda row: gold_at(row, int(found[1]))
    raise ValueError(f"transform must be 'none', 'gold_at_K' or 'duplicates', got {name!r}")


def gold_index(row: Row) -> int | None:
    """Position of the first document marked as gold, else of the first that bears an answer."""
    wanted = [a for a in map(normalise, row["answers"]) if a.strip()]
    documents = row["documents"]
    marked = [i for i, d in enumerate(documents) if d.get("is_gold")]
    bearing = [i for i, d in enumerate(documents) if any(a in normalise(d["text"]) for a in wanted)]
    return next(iter(marked or bearing), None)


def gold_at(row: Row, place: int) -> Row | None:
    """Move the gold document to a place, counted from 1; None for rows that lack the place or the gold."""
    documents = list(row["documents"])
    index = gold_index(row)
    if index is None or place > len(documents):
        return None
    documents.insert(place - 1, documents.pop(index))
    return {**row, "documents": documents}


def duplicates(row: Row) -> Row:
    """Give every second document, and every gold one, a near-duplicate somewhere among the documents.

    The copy has the sentences in another order and no commas, so that its text is new but its facts are not.
    Where it goes depends on the row's id alone.
    """
    rng = random.Random(str(row["id"]))
    documents = list(row["documents"])
    copies = [d for i, d in enumerate(documents) if i % 2 == 0 or d.get("is_gold")]
    for document in copies:
        if document["text"].strip():
            documents.insert(rng.randrange(len(documents) + 1), near_duplicate(document))
    return {**row, "documents": documents}


def near_duplicate(document: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a document, its first sentence last, without commas between words, not marked as gold."""
    parts = [re.sub(r",(?=\s)", "", s.strip()) for s in sentences(document)]
    parts = parts[1:] + parts[:1]
    return {
        "id": f"{document['id']}-copy",
        "title": document.get("title") or "",
        "text": " ".join(parts),
        "is_gold": False,
        "sentences": parts,
        "gold_sentences": [],
    }
