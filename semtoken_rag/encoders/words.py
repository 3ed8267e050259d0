"""An encoder made of one function, from words to their vectors."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from semtoken_rag.arrays import unit_length
from semtoken_rag.types import Encoding, FloatArray, IntArray

Embed: TypeAlias = Callable[[Sequence[str]], Any]

WORD = re.compile(r"\w+|[^\w\s]")


class WordEncoder:
    """Encode each word by itself, with a function of your own.

    Parameters
    ----------
    embed
        Function from n >= 1 words in lower case to their vectors (n, d), which need not have unit length.
    name
        Name of the vectors in stats and in keys of stores: give new vectors a new name.

    Examples
    --------
    >>> encoder = WordEncoder(lambda words: [[len(word), 1.0] for word in words], name="length")
    >>> encoder.encode(["to be"], [""])[0].vectors.shape
    (2, 2)
    """

    def __init__(self, embed: Embed, name: str) -> None:
        self.name, self._embed = name, embed
        self._width = np.asarray(embed(["a"]), np.float32).shape[-1]

    def count(self, text: str) -> int:
        """Return the number of words and punctuation marks in ``text``."""
        return len(WORD.findall(text))

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode each text; see `Encoder.encode`. A title does not change the vectors of its text."""
        return [self._encode(text, title) for text, title in zip(texts, titles, strict=True)]

    def _encode(self, text: str, title: str) -> Encoding:
        offsets = np.array([word.span() for word in WORD.finditer(text)], np.int64).reshape(-1, 2)
        ids, vectors = self._fingerprint(WORD.findall(text))
        return Encoding(ids, offsets, vectors, *self._fingerprint(WORD.findall(title)))

    def _fingerprint(self, words: Sequence[str]) -> tuple[IntArray, FloatArray]:
        words = [word.lower() for word in words]
        ids = np.array([zlib.crc32(word.encode("utf-8", "replace")) for word in words], np.int64)
        vectors = self._embed(words) if words else np.zeros((0, self._width))
        return ids, unit_length(np.asarray(vectors, np.float32))
