"""Copies: the boilerplate of a corpus that can be left out where it is stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from semtoken_rag.corpus.novelty import CorpusNovelty, boilerplate_threshold
from semtoken_rag.types import BoolArray, Chunk, Units

SAME = 0.9999  # cosine of the same words, whatever encodes them

_TOKEN = re.compile(r"\w+|[^\w\s]")
Wording: TypeAlias = tuple[str, ...]


def normalised_words(text: str) -> Wording:
    """Words and marks of ``text`` in order, without case, blanks and the marks that end it.

    >>> wording("All rights  reserved.") == wording("ALL RIGHTS RESERVED")
    True
    """
    return tuple(_TOKEN.findall(text.casefold().rstrip(" \t\r\n.,;:!")))


@dataclass(frozen=True, slots=True)
class Copies:
    """Tell which units say word for word what was kept once already, and what much of the corpus says.

    What is left out cannot be had back, so both the copy and its frequency are taken to the word. By their
    fingerprints, "the connection was lost" and "established" are as close as paraphrases, and two villages
    that happen to have the same number of inhabitants are lines of one template.

    The first occurrence is kept; what is lost is that the other documents say the same. It remembers what it
    kept: not thread-safe, and another object keeps a first occurrence of its own.

    Parameters
    ----------
    novelty
        The corpus, these documents included.
    """

    novelty: CorpusNovelty
    _kept: set[Wording] = field(default_factory=set, init=False, repr=False)

    def __call__(self, chunks: Sequence[Chunk], units: Units) -> BoolArray:
        """Find the copies among the units of ``chunks``: (m,), True = can be left out.

        A row of a table is none, as it means what its header says, nor is a header whose rows are kept.
        """
        places = zip(units.chunk.tolist(), units.chars.tolist(), strict=True)
        texts = [chunks[chunk].text[start:end] for chunk, (start, end) in places]
        frequency = self.novelty.frequency(self.novelty.fingerprints(texts), SAME)
        out = np.zeros(len(units), np.bool_)
        for unit in np.flatnonzero(
            (frequency >= boilerplate_threshold(len(self.novelty))) & (units.parent < 0)
        ).tolist():
            said = normalised_words(texts[unit])
            out[unit] = said in self._kept
            self._kept.add(said)
        out[units.parent[units.parent >= 0]] = False
        return out
