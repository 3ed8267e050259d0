"""Test doubles for your own tests: a deterministic encoder without any model."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

from semtoken_rag.types import Encoding


class HashEncoder:
    """One pseudo-random unit vector a word, the same for the same word, whatever the case.

    >>> HashEncoder().encode(["to be or not to be"], [""])[0].vectors.shape
    (6, 16)
    """

    name = "hash"

    def count(self, text: str) -> int:
        """Words of ``text``."""
        return len(re.findall(r"\w+|[^\w\s]", text))

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Vectors (n, 16) of unit length."""
        return [self._encode(text, title) for text, title in zip(texts, titles, strict=True)]

    def _encode(self, text: str, title: str) -> Encoding:
        words = list(re.finditer(r"\w+|[^\w\s]", text))
        ids, title_ids = ([_id(w) for w in found] for found in ([m.group() for m in words], title.split()))
        return Encoding(
            ids=np.array(ids, np.int64),
            offsets=np.array([m.span() for m in words], np.int64).reshape(-1, 2),
            vectors=_vectors(ids),
            title_ids=np.array(title_ids, np.int64),
            title_vectors=_vectors(title_ids),
        )


def _id(word: str) -> int:
    return zlib.crc32(word.lower().encode("utf-8", "replace")) % 65_536


def _vectors(ids: Sequence[int]) -> np.ndarray:
    rows = [np.random.default_rng(i).standard_normal(16) for i in ids]
    out = np.array(rows, np.float32).reshape(-1, 16)
    unit: np.ndarray = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    return unit
