"""What of a text is worth an encoder's time: windows with rare words of the question, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from semtoken_rag.text.grams import is_wide
from semtoken_rag.types import FloatArray

WINDOW = 1024  # characters of a window, up to twice as many where lines are long
TERMS = 48  # most terms of a question
STEM = 5  # letters that a word is cut down to at most, so that an ending does not hide it


def shortlist(text: str, query: str, max_chars: int) -> list[tuple[int, int]]:
    r"""Choose the parts of a text that share rare words with a question.

    Parameters
    ----------
    text
        Any text; windows end at the ends of lines where there are such.
    query
        The question. What room it leaves is filled with windows spread over the text.
    max_chars
        Characters of all parts together, at least those of the first and the last window.

    Returns
    -------
    list of (int, int)
        Character ranges, sorted and apart from each other: all of the text if it fits, else always its
        beginning and its end.

    Examples
    --------
    >>> text = "".join(f"line {i} says nothing\n" for i in range(9000)) + "the port is 5432\n" * 2
    >>> [text[start:end].count("5432") for start, end in shortlist(text, "Which port?", 4000)][-1]
    2
    """
    if len(text) <= max_chars:
        return [(0, len(text))]
    windows = _windows(text)
    n = len(windows)
    score = overlap((text[start:end] for start, end in windows), query)
    spread = np.argsort([int(f"{i:032b}"[::-1], 2) for i in range(n)], kind="stable")  # halves, quarters, ...
    best = np.argsort(-score, kind="stable")
    ends = dict.fromkeys([0, n - 1])
    chosen = [windows[i] for i in ends]
    left = max_chars - sum(end - start for start, end in chosen)
    for i in dict.fromkeys([*best[: np.count_nonzero(score)].tolist(), *spread.tolist()]):
        if left < WINDOW // 2:
            break
        start, end = windows[i]
        if i not in ends and end - start <= left:
            chosen.append((start, end))
            left -= end - start
    return merged(chosen)


def overlap(texts: Iterable[str], query: str) -> FloatArray:
    """Score texts by the words that they share with a question.

    Parameters
    ----------
    texts
        The n texts.
    query
        The question.

    Returns
    -------
    FloatArray
        Sum of the IDF of the shared words, (n,), higher = more; 0 for none.
    """
    terms = _terms(query)
    hits = np.array([[term in low for term in terms] for low in map(str.lower, texts)], bool)
    if not hits.size:
        return np.zeros(len(hits), np.float32)
    df = hits.sum(0)
    idf = np.log1p((len(hits) - df + 0.5) / (df + 0.5)).astype(np.float32)
    found: FloatArray = hits @ idf
    return found


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sort ranges, and join those that touch.

    >>> merged([(5, 9), (0, 2), (2, 4)])
    [(0, 4), (5, 9)]
    """
    out: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return out


def _windows(text: str) -> list[tuple[int, int]]:
    """Cut a text behind line ends, else at blanks, else anywhere."""
    out, start = [], 0
    while start < len(text):
        end = start + WINDOW
        for mark in "\n ":
            if (at := text.find(mark, end, end + WINDOW)) >= 0:
                end = at + 1
                break
        out.append((start, min(end, len(text))))
        start = end
    return out


def _terms(query: str) -> list[str]:
    """Return the stems of a question's words; of letters without blanks between words, pairs."""
    terms: dict[str, None] = {}
    for word in re.findall(r"\w+", query.lower()):
        if is_wide(word[0]):
            terms.update((word[i : i + 2], None) for i in range(max(1, len(word) - 1)))
        else:
            terms[word[: max(STEM, len(word) - 2)]] = None
    return list(terms)[:TERMS]
