"""For your own tests: an encoder and a reader without any model, and what every result keeps to."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from semtoken_rag.context import CompressedContext
from semtoken_rag.types import Chunk, Encoding


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


class ScriptedReader:
    """A reader that says the same words one by one, whatever it is asked.

    >>> list(ScriptedReader("In 1889.").stream("When?", None))
    ['In ', '1889.']
    """

    name = "scripted"

    def __init__(self, text: str) -> None:
        self.text = text

    def stream(self, question: str, context: object) -> Iterator[str]:
        """Answer part by part."""
        yield from re.findall(r"\s*\S+\s*", self.text)


def check_context(
    context: CompressedContext, chunks: Sequence[Chunk], max_tokens: int, count: Callable[[str], int]
) -> None:
    """Assert what every result of ``chunks`` under ``max_tokens``, with default settings, keeps to.

    Raises
    ------
    AssertionError
        Where a budget is exceeded, or a text is not made of slices of the chunk that it is said to be of.
    """
    assert max(context.stats.tokens_after, count(context.text)) <= max_tokens
    assert sum(count(kept.text) for kept in context.chunks) <= max_tokens
    assert context.text == "\n".join(kept.text for kept in context.chunks)
    assert len({kept.index for kept in context.chunks}) == len(context.chunks)
    for kept in context.chunks:
        assert kept.chunk is chunks[kept.index]
        place = end = 0  # in the kept text and in the chunk's
        for piece in kept.pieces:
            assert end <= piece.start <= piece.end <= len(kept.chunk.text)
            slice_ = kept.chunk.text[piece.start : piece.end]
            assert kept.text.startswith(slice_, place) or kept.text.startswith(slice_, place + 1)
            place = kept.text.index(slice_, place) + len(slice_)
            end = piece.end
        assert place == len(kept.text)
        assert kept.pieces


def _id(word: str) -> int:
    return zlib.crc32(word.lower().encode("utf-8", "replace")) % 65_536


def _vectors(ids: Sequence[int]) -> np.ndarray:
    rows = [np.random.default_rng(i).standard_normal(16) for i in ids]
    out = np.array(rows, np.float32).reshape(-1, 16)
    unit: np.ndarray = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    return unit
