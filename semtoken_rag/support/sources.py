"""The sentences of all sources, and where each word is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semtoken_rag.stages.segment import segment
from semtoken_rag.support.quantities import headed
from semtoken_rag.support.result import Passage
from semtoken_rag.support.words import content_words, offers_of
from semtoken_rag.text.plain import plain
from semtoken_rag.types import IntArray

HEADS = 8  # units above the numbers of a source


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence of a source, or what stands for one: a row, an item, a line of code."""

    passage: Passage
    start: int
    end: int
    keys: set[str]  # its own, the title's, and those of its headings and the like


class Sources:
    """The sentences of all sources, and where each word is."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.units: list[Unit] = []
        self.small: set[str] = set()  # words that are written without a capital
        own, every = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        heads = defaultdict[str, list[tuple[int, str]]](list)
        for p in passages:
            more = headed(plain(p.text[p.start : p.end]))
            heads[p.id] = [*dict.fromkeys([*heads[p.id], *more])][:HEADS]
        for p in passages:
            title = offers_of(p.title)
            keys: list[set[str]] = []  # of each segment: its own, those of what it hangs on, the title's
            for found in segment(p.text[p.start : p.end]):
                start, end = p.start + found.start, p.start + found.end
                read = [*content_words(p.text[start:end], heads[p.id])]
                self.small.update(key for word in read if not word.named for key in word.offers)
                said = {key for word in read for key in word.offers}
                keys.append(said | (keys[found.parent] if found.parent >= 0 else title))
                for key in said:
                    own[key].append(len(self.units))
                for key in keys[-1]:
                    every[key].append(len(self.units))
                self.units.append(Unit(p, start, end, keys[-1]))
        self.own = {key: np.array(where) for key, where in own.items()}
        self.every = {key: np.array(where) for key, where in every.items()}

    def count(self, where: Mapping[str, IntArray], keys: Iterable[str]) -> IntArray:
        """Return how many of the keys each unit has, (units,)."""
        found = [where[key] for key in keys if key in where]
        return np.bincount(np.concatenate([np.empty(0, np.int64), *found]), minlength=len(self.units))
