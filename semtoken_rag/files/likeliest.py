"""The passages of many documents that are worth an encoder's time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from semtoken_rag.stages.lexical import bm25, gram_counts
from semtoken_rag.text.grams import grams, plain

BLOCK = 2**20  # characters that are searched at a time, which limits the memory


def likeliest(words: Sequence[str], question: str, room: int) -> list[int]:
    """Choose the passages that share most with a question, by BM25 over runs of letters.

    Parameters
    ----------
    words
        Each of the n passages, with what else it shall be found by, as `semtoken_rag.text.grams.plain`
        returns it.
    question
        The question.
    room
        Characters of the chosen ones together; the best is chosen whatever its length.

    Returns
    -------
    list of int
        Indices in rising order: all if there is room for all, none if none shares anything with the question.

    Examples
    --------
    >>> likeliest([" bread is made of flour ", " the tower opened in 1889 "], "When did the tower open?", 30)
    [1]
    """
    if sum(map(len, words)) <= room:
        return list(range(len(words)))
    best: list[int] = []
    for i in ranked(words, question):
        room -= len(words[i])
        if room < 0 and best:
            break
        best.append(i)
    return sorted(best)


def ranked(words: Sequence[str], question: str) -> list[int]:
    """Return the indices of the passages that share anything with a question, the likeliest first.

    See `likeliest` for both.
    """
    if not (words and (wanted := grams(plain(question)))):
        return []
    counts = [gram_counts(wanted, block) for block in _blocks(words)]
    lengths = np.array([len(text) for text in words], np.float32)
    scores = bm25(np.concatenate(counts, axis=1), lengths)
    order: list[int] = np.argsort(-scores, kind="stable").tolist()
    return order[: np.count_nonzero(scores)]


def _blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    """Cut texts into lists of at least `BLOCK` characters each, but the last."""
    block, size = list[str](), 0
    for text in texts:
        block.append(text)
        size += len(text)
        if size >= BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block
