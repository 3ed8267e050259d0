"""What an encoder is trained on: questions, their chunks, and where the answers stand."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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


def split(
    examples: Sequence[Example], share: float = 0.08, seed: int = 0
) -> tuple[list[Example], list[Example]]:
    """Shuffle and split into what is trained on and what is held back, at least one example each.

    Raises
    ------
    ValueError
        Where there are fewer than two examples.
    """
    if len(examples) < 2:
        raise ValueError(f"at least 2 examples are needed, got {len(examples)}")
    shuffled = random.Random(seed).sample(list(examples), len(examples))
    held = min(max(1, round(share * len(shuffled))), len(shuffled) - 1)
    return shuffled[held:], shuffled[:held]
