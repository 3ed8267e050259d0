"""Copies: boilerplate of a corpus that can be left out when the corpus is indexed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from semtoken_rag.corpus.novelty import CorpusNovelty, boilerplate_threshold
from semtoken_rag.types import BoolArray, Chunk, Units

SAME = 0.9999  # cosine of the same words, by any encoder

_TOKEN = re.compile(r"\w+|[^\w\s]")
Wording: TypeAlias = tuple[str, ...]


def normalised_words(text: str) -> Wording:
    """Return the words and punctuation marks of a text, without case, blanks and the marks at its end.

    >>> normalised_words("All rights  reserved.") == normalised_words("ALL RIGHTS RESERVED")
    True
    """
    return tuple(_TOKEN.findall(text.casefold().rstrip(" \t\r\n.,;:!")))


@dataclass(frozen=True, slots=True)
class Copies:
    """Find the units that repeat, word for word, boilerplate that was kept once already.

    A unit that is left out of an index cannot be brought back, so the copy and its frequency are both
    compared word for word. By their fingerprints, "the connection was lost" and "the connection was
    established" are as close as paraphrases, and two villages with the same number of inhabitants are lines
    of one template.

    The first occurrence is kept. The index then no longer says which other documents have the unit. An object
    remembers what it kept: it is not safe for threads, and another object keeps first occurrences of its own.

    Parameters
    ----------
    novelty
        The corpus, including the documents to be searched.
    """

    novelty: CorpusNovelty
    _kept: set[Wording] = field(default_factory=set, init=False, repr=False)

    def __call__(self, chunks: Sequence[Chunk], units: Units) -> BoolArray:
        """Find the copies among the units of chunks.

        A row of a table is no copy, since its meaning depends on its header; nor is a header with rows.

        Parameters
        ----------
        chunks
            The documents.
        units
            Their m units.

        Returns
        -------
        (m,) bool
            True if the unit can be left out.
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
