"""What an encoder is trained on: questions, their chunks, and where the answers stand."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semtoken_rag.types import Chunk, Units


@dataclass(frozen=True, slots=True)
class Example:
    """A question, its chunks, and the character ranges (chunk, start, end) that answer it."""

    question: str
    chunks: Sequence[Chunk]
    gold: Sequence[tuple[int, int, int]]

    def wanted(self, units: Units) -> npt.NDArray[np.bool_]:
        """Units that hold more than half of a gold range, or lie for more than half in one: (m,)."""
        out = np.zeros(len(units), bool)
        for chunk, start, end in self.gold:
            a, b = units.chars[:, 0], units.chars[:, 1]
            shared = np.minimum(b, end) - np.maximum(a, start)
            out |= (units.chunk == chunk) & (2 * shared > np.minimum(b - a, end - start))
        return out

    def narrowed(self, kept: Sequence[int], *, titles: bool = True) -> Example:
        """Return the same question on the chunks ``kept``, without their titles if so wished."""
        place = {chunk: i for i, chunk in enumerate(kept)}
        chunks = [self.chunks[i] for i in kept]
        return Example(
            question=self.question,
            chunks=chunks if titles else [replace(chunk, title="") for chunk in chunks],
            gold=[(place[chunk], start, end) for chunk, start, end in self.gold if chunk in place],
        )


def read_examples(path: Path) -> list[Example]:
    """Read a JSON Lines file; lines whose gold is not in their chunks are left out.

    Each line is ``{"question": str, "chunks": [...], "gold": [...] or "answers": [...]}``: chunks are strings
    or objects with ``text`` and perhaps ``title``; ``gold`` are sentences that stand verbatim in a chunk,
    ``answers`` are strings whose every occurrence counts.

    Raises
    ------
    ValueError
        With the number of the line that cannot be read, or where no line can be used.
    """
    examples = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            example = _example(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}, line {number}: {error!r:.200}") from error
        if example.gold:
            examples.append(example)
    if not examples:
        raise ValueError(f"no line of {str(path)!r} has a gold sentence or an answer in its chunks")
    return examples


def _example(row: Mapping[str, Any]) -> Example:
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
    if not gold:
        gold = [
            (i, *span) for i, c in enumerate(chunks) for span in occurrences(c.text, row.get("answers", ()))
        ]
    return Example(row["question"], chunks, gold)


def occurrences(text: str, answers: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges in which an answer stands as whole words; ``yes`` and ``no`` stand nowhere."""
    for answer in answers:
        if answer.strip() and answer.strip().lower() not in ("yes", "no"):
            pattern = r"(?<!\w)" + r"\W+".join(map(re.escape, answer.split())) + r"(?!\w)"
            yield from (m.span() for m in re.finditer(pattern, text, re.IGNORECASE))


def groups(examples: Sequence[Example], most: int) -> list[list[Example]]:
    """Group different questions on the same chunks, ``most`` at the most, in the order of their first."""
    made: list[list[Example]] = []
    last: dict[tuple[tuple[str, str], ...], list[Example]] = {}
    for example in examples:
        key = tuple((chunk.title, chunk.text) for chunk in example.chunks)
        if key not in last or len(last[key]) == most or any(e is example for e in last[key]):
            last[key] = []
            made.append(last[key])
        last[key].append(example)
    return made


def folds(examples: Sequence[Example], parts: int, seed: int = 0) -> list[list[Example]]:
    """Shuffle and deal into parts; questions on the same chunks are in one part.

    Raises
    ------
    ValueError
        Where there are fewer different lists of chunks than parts.
    """
    found = groups(examples, len(examples))
    if not 1 < parts <= len(found):
        raise ValueError(f"parts must be from 2 to the {len(found)} different lists of chunks, got {parts!r}")
    shuffled = random.Random(seed).sample(found, len(found))
    return [[e for group in shuffled[i::parts] for e in group] for i in range(parts)]


def split(
    examples: Sequence[Example], share: float = 0.08, seed: int = 0
) -> tuple[list[Example], list[Example]]:
    """Shuffle and split into what is trained on and what is held back, at least one example each.

    Questions on the same chunks are on one side, unless all are on the same.

    Raises
    ------
    ValueError
        Where there are fewer than two examples.
    """
    if len(examples) < 2:
        raise ValueError(f"at least 2 examples are needed, got {len(examples)}")
    found = groups(examples, len(examples))
    if len(found) == 1:
        found = [[example] for example in examples]
    shuffled = random.Random(seed).sample(found, len(found))
    size = np.cumsum([len(group) for group in shuffled[:-1]])
    held = 1 + int(np.abs(size - share * len(examples)).argmin())  # as near to the share as can be
    return [e for g in shuffled[held:] for e in g], [e for g in shuffled[:held] for e in g]
