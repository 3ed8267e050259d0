"""Choices of a template: seeded, and nothing twice in a case."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

from evaluation.faithful.prose import PROSE

T = TypeVar("T")
ROOM = {1: 14, 2: 8, 3: 5, 4: 4}  # neutral sentences a chunk, by number of chunks


class Draw:
    """One case's choices.

    Parameters
    ----------
    seed
        The same gives the same choices, on every machine.
    lang
        Language of `prose`.

    Attributes
    ----------
    count
        Chunks of the case, 1 to 4: the fewer, the longer each should be.
    """

    def __init__(self, seed: str, lang: str) -> None:
        self.random = random.Random(seed)
        self.lang = lang
        self.count = self.random.choice(sorted(ROOM))
        self._taken: set[object] = set()

    def some(self, pool: Sequence[T], k: int) -> list[T]:
        """Return ``k`` of a pool, in a drawn order, that were not given before in this case."""
        free = [each for each in pool if each not in self._taken]
        made = self.random.sample(free, k)
        self._taken.update(made)
        return made

    def pick(self, pool: Sequence[T]) -> T:
        """Return one of a pool that was not given before in this case."""
        return self.some(pool, 1)[0]

    def number(self, low: int, high: int, step: int = 1) -> int:
        """Return a number in [low, high] that was not given before in this case."""
        return self.pick(range(low, high + 1, step))

    def prose(self, share: float = 0.5) -> str:
        """Return neutral sentences about nothing that is asked for, ``share`` of a chunk's room."""
        return self.join(self.some(PROSE[self.lang], max(1, round(share * ROOM[self.count]))))

    def join(self, sentences: Iterable[str]) -> str:
        """Write sentences one after the other as the language does."""
        return ("" if self.lang == "zh" else " ").join(sentences)
