"""Examples: questions, their chunks, and the positions of the answers."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from semtoken_rag.types import Chunk, Units

log = logging.getLogger(__name__)

Retrieve: TypeAlias = Callable[[str], Sequence[Chunk]]


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
    answers
        Strings of which each answers it; none if only ``gold`` is known.
    line
        Number of its line in the file that it was read from, from 1; 0 for none.
    """

    question: str
    chunks: Sequence[Chunk]
    gold: Sequence[tuple[int, int, int]]
    alternatives: bool = False
    answers: Sequence[str] = field(default=(), compare=False)
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
    """Read examples from a JSON Lines file, see `parse_examples`.

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
    return parse_examples(path.read_bytes(), str(path))


def parse_examples(data: bytes, name: str, *, retrieve: Retrieve | None = None) -> list[Example]:
    """Read examples from JSON Lines; lines whose gold is in none of their chunks are left out.

    The log says how many.

    Each line is ``{"question": str, "chunks": [...]}`` with ``"gold": [...]``, ``"answers": [...]`` or
    ``"answer": str``. Chunks are strings or objects with ``text`` and optionally ``title``. ``gold`` are
    sentences that a chunk contains verbatim. ``answers`` are strings of which every occurrence counts, and
    ``answer`` is the only one. ``gold`` is what counts if there are answers too.

    Parameters
    ----------
    data
        The lines, in UTF-8.
    name
        Where they come from, for errors.
    retrieve
        Returns the chunks of a question whose line has none; None: such a line is an error.

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
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} must be UTF-8 text: {error}") from None
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):  # other line ends may stand in strings
        if not line.strip():
            continue
        try:
            example = _example(json.loads(line), retrieve)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"{name}, line {number} is not JSON: {error!r:.200}") from error
        except ValueError as error:
            raise ValueError(f"{name}, line {number}: {error!s:.200}") from error
        if example.gold:
            examples.append(replace(example, line=number))
        else:
            without.append(number)
    if not examples:
        raise ValueError(f"no line of {name!r} has a gold sentence or an answer in its chunks")
    if without:
        log.warning(
            "%s: %d of %d questions have no gold in their chunks and are left out, the first in line %d",
            name,
            len(without),
            len(without) + len(examples),
            without[0],
        )
    return examples


def _example(row: Any, retrieve: Retrieve | None) -> Example:
    if not isinstance(row, dict):
        raise ValueError(f"a line must be a JSON object, got {row!r:.80}")
    needed = ("question", "chunks") if retrieve is None else ("question",)
    if missing := [name for name in needed if name not in row]:
        raise ValueError(f"{missing[0]} is missing, got {', '.join(row)!r:.80}")
    if not row.keys() & {"gold", "answers", "answer"}:
        raise ValueError(f"gold, answers or answer is needed, got {', '.join(row)!r:.80}")
    question = row["question"]
    if not isinstance(question, str):
        raise ValueError(f"question must be a string, got {question!r:.80}")
    chunks = _chunks(row["chunks"]) if "chunks" in row or retrieve is None else retrieve(question)
    answers = _strings(row, "answers")
    if "answer" in row:
        if not isinstance(row["answer"], str):
            raise ValueError(f"answer must be a string, got {row['answer']!r:.80}")
        answers.append(row["answer"])
    gold = [
        (i, at, at + len(sentence))
        for sentence in _strings(row, "gold")
        for i, chunk in enumerate(chunks)
        if (at := chunk.text.find(sentence)) >= 0
    ]
    if gold:
        return Example(question, chunks, gold, answers=answers)
    gold = [(i, *span) for i, c in enumerate(chunks) for span in occurrences(c.text, answers)]
    return Example(question, chunks, gold, alternatives=True, answers=answers)


def _chunks(given: Any) -> list[Chunk]:
    if not isinstance(given, list):
        raise ValueError(f"chunks must be a list, got {given!r:.80}")
    return [_chunk(each) for each in given]


def _chunk(given: Any) -> Chunk:
    if isinstance(given, str):
        return Chunk(given)
    if not isinstance(given, dict) or "text" not in given:
        raise ValueError(f"chunks must hold strings or objects with text, got {given!r:.80}")
    return Chunk(given["text"], title=given.get("title") or "")


def _strings(row: Mapping[str, Any], name: str) -> list[str]:
    """Return a copy of a list of strings, empty if there is none."""
    found = row.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{name} must be a list of strings, got {found!r:.80}")
    return list(found)


def occurrences(text: str, answers: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the ranges in which an answer occurs as whole words; ``yes`` and ``no`` never do."""
    for answer in answers:
        if answer.strip() and answer.strip().lower() not in ("yes", "no"):
            pattern = r"(?<!\w)" + r"\W+".join(map(re.escape, answer.split())) + r"(?!\w)"
            yield from (m.span() for m in re.finditer(pattern, text, re.IGNORECASE))
