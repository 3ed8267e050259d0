"""Other forms of a training list: chunks left out, cut anew, without titles, in another order."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from semtoken_rag.examples import Example
from semtoken_rag.types import Chunk

LENGTHS = (300, 1200)  # characters of a chunk that is cut anew
OVERLAP = 0.2  # of its length, at most


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How a list of chunks is changed each time it is seen.

    Parameters
    ----------
    title_dropout
        Share of the lists whose chunks lose their titles, so that the encoder learns chunks without titles.
    chunk_dropout
        Share of the chunks without gold that are left out.
    recut
        Share of the lists whose chunks are cut anew, with overlap, as text splitters do.
    limit
        Tokens of a list. Chunks without gold are left out beyond it; None for no limit.

    Raises
    ------
    ValueError
        If a share is outside of [0, 1].
    """

    title_dropout: float = 0.0
    chunk_dropout: float = 0.0
    recut: float = 0.0
    limit: int | None = None

    def __post_init__(self) -> None:
        for name in ("title_dropout", "chunk_dropout", "recut"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)!r}")

    def __call__(
        self, group: Sequence[Example], dice: random.Random, count: Callable[[str], int]
    ) -> list[Example]:
        """Return questions on the same chunks, on other chunks.

        Parameters
        ----------
        group
            Questions whose chunks are the same.
        dice
            What decides.
        count
            Tokens of a text.

        Returns
        -------
        list of Example
            The same questions; all chunks with gold are among their chunks.
        """
        if dice.random() < self.recut:
            length = dice.randint(*LENGTHS)
            overlap = int(dice.uniform(0, OVERLAP) * length)
            group = [recut(example, length, overlap) for example in group]
        titles = dice.random() >= self.title_dropout
        kept = self._kept(group, dice, count)
        return [example.take_chunks(kept, titles=titles) for example in group]

    def _kept(self, group: Sequence[Example], dice: random.Random, count: Callable[[str], int]) -> list[int]:
        chunks = group[0].chunks
        gold = sorted({chunk for example in group for chunk, _, _ in example.gold})
        others = [i for i in range(len(chunks)) if i not in set(gold)]
        others = dice.sample(others, math.ceil((1 - self.chunk_dropout) * len(others)))
        if self.limit is None:
            return sorted([*gold, *others])
        used, kept = sum(count(chunks[i].text) for i in gold), list(gold)
        for i in others:
            used += count(chunks[i].text)
            if used > self.limit and len(kept) > len(gold):  # one without gold at least
                break
            kept.append(i)
        return dice.sample(kept, len(kept))


def recut(example: Example, length: int, overlap: int) -> Example:
    """Return a question on its texts cut anew.

    Parameters
    ----------
    example
        The question.
    length
        Characters of a new chunk, at most. Cuts are made at blanks where there are any.
    overlap
        Characters that two neighbours share, fewer than ``length``.

    Returns
    -------
    Example
        Chunks with the titles of the texts. Gold lies in each chunk that has at least half of its range.
    """
    chunks: list[Chunk] = []
    gold: list[tuple[int, int, int]] = []
    for number, chunk in enumerate(example.chunks):
        for start, end in pieces(chunk.text, length, overlap):
            for place, left, right in example.gold:
                a, b = max(left, start), min(right, end)
                if place == number and 2 * (b - a) >= right - left and b > a:
                    gold.append((len(chunks), a - start, b - start))
            chunks.append(replace(chunk, text=chunk.text[start:end]))
    return replace(example, chunks=chunks, gold=gold)


def pieces(text: str, length: int, overlap: int) -> list[tuple[int, int]]:
    """Cut a text into pieces, at blanks where there are any.

    Parameters
    ----------
    text
        The text.
    length
        Characters of a piece, at most.
    overlap
        Characters that two neighbours share, fewer than ``length``.

    Returns
    -------
    list of (start, end)
        The pieces, in order; only blanks may be left out.

    Examples
    --------
    >>> text = "one two three four"
    >>> [text[a:b] for a, b in pieces(text, 9, 4)]
    ['one two', 'two three', 'four']
    """
    found, start = [], 0
    while len(text) - start > length:
        blank = text.rfind(" ", start + overlap + 1, start + length + 1)
        end = blank if blank > start else start + length
        found.append((start, end))
        again = text.find(" ", end - overlap - 1, end) + 1 or (end if blank > start else end - overlap)
        start = max(again, start + 1)
        start += len(text[start:]) - len(text[start:].lstrip())
    return [*found, (start, len(text))] if text[start:].strip() or not found else found
