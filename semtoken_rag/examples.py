"""Examples: questions, their chunks, and the positions of the answers."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semtoken_rag.types import Chunk, Units

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Example:
    """A question, its chunks, and what answers it.

    Attributes
    ----------
    question
        The question.
    chunks
        The chunks that were retrieved for it.
    gold
        Character ranges (chunk, start, end) that answer it.
    alternatives
        Whether one of the ranges is enough: they are occurrences of an answer, not parts of it.
    line
        Number of its line in the file that it was read from, from 1; 0 for none.
    """

    question: str
    chunks: Sequence[Chunk]
    gold: Sequence[tuple[int, int, int]]
    alternatives: bool = False
    line: int = field(default=0, compare=False)

    def wanted(self, units: Units) -> npt.NDArray[np.bool_]:
        """Return which units hold more than half of a gold range, or lie more than half inside one: (m,)."""
        out = np.zeros(len(units), bool)
        for chunk, start, end in self.gold:
            a, b = units.chars[:, 0], units.chars[:, 1]
            shared = np.minimum(b, end) - np.maximum(a, start)
            out |= (units.chunk == chunk) & (2 * shared > np.minimum(b - a, end - start))
        return out

    def take_chunks(self, kept: Sequence[int], *, titles: bool = True) -> Example:
        """Return the same question on the chunks with the indices ``kept``, with or without their titles."""
        place = {chunk: i for i, chunk in enumerate(kept)}
        chunks = [self.chunks[i] for i in kept]
        return replace(
            self,
            chunks=chunks if titles else [replace(chunk, title="") for chunk in chunks],
            gold=[(place[chunk], start, end) for chunk, start, end in self.gold if chunk in place],
        )


def read_examples(path: Path) -> list[Example]:
    """Read examples from a JSON Lines file; lines whose gold is in none of their chunks are left out.

    The log says how many.

    Each line is ``{"question": str, "chunks": [...], "gold": [...] or "answers": [...]}``. Chunks are strings
    or objects with ``text`` and optionally ``title``. ``gold`` are sentences that a chunk contains verbatim.
    ``answers`` are strings of which every occurrence counts.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    list of Example
        In the order of the lines, at least one.

    Raises
    ------
    ValueError
        If a line cannot be read, with its number, or if no line can be used.
    """
    examples, without = [], []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be UTF-8 text: {error}") from None
    for number, line in enumerate(text.split("\n"), 1):  # other line ends may stand in strings
        if not line.strip():
            continue
        try:
            example = _example(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}, line {number}: {error!r:.200}") from error
        if example.gold:
            examples.append(replace(example, line=number))
        else:
            without.append(number)
    if not examples:
        raise ValueError(f"no line of {str(path)!r} has a gold sentence or an answer in its chunks")
    if without:
        log.warning(
            "%s: %d of %d questions have no gold in their chunks and are left out, the first in line %d",
            path,
            len(without),
            len(without) + len(examples),
            without[0],
        )
    return examples


def _example(row: Mapping[str, Any]) -> Example:
    if not isinstance(row["question"], str):
        raise ValueError(f"question must be a string, got {row['question']!r:.80}")
    for name in ("gold", "answers"):
        if not isinstance(row.get(name, []), list):
            raise ValueError(f"{name} must be a list of strings, got {row[name]!r:.80}")
    chunks = [
        Chunk(c) if isinstance(c, str) else Chunk(c["text"], title=c.get("title") or "")
        for c in row["chunks"]
    ]
    gold = [
        (i, at, at + len(sentence))
        for sentence in row.get("gold", ())
        for i, chunk in enumerate(chunks)
        if (at := chunk.text.find(sentence)) >= 0
    ]
    if gold:
        return Example(row["question"], chunks, gold)
    gold = [(i, *span) for i, c in enumerate(chunks) for span in occurrences(c.text, row.get("answers", ()))]
    return Example(row["question"], chunks, gold, alternatives=True)


def occurrences(text: str, answers: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the ranges in which an answer occurs as whole words; ``yes`` and ``no`` never do."""
    for answer in answers:
        if answer.strip() and answer.strip().lower() not in ("yes", "no"):
            pattern = r"(?<!\w)" + r"\W+".join(map(re.escape, answer.split())) + r"(?!\w)"
            yield from (m.span() for m in re.finditer(pattern, text, re.IGNORECASE))
