"""Exact signs: what a question spells out and an encoder blurs, looked for letter by letter.

Vectors of "P-20" and "P-10" are close, and those of a script that the vocabulary lacks say nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from semtoken_rag.text.clusters import is_unspaced
from semtoken_rag.types import FloatArray

GRAM = 3  # characters of an n-gram
GRAM_WEIGHT = 4.0  # of the share of n-grams, beside which the encoder says little
PAIR_WEIGHT = 1.0  # of the share of pairs of Chinese characters, of which vectors tell little apart
_HAN_PAIR = "(?=[\u3400-\u9fff]{2})"
_CODE = r"[a-zA-Z0-9]*\d[a-zA-Z0-9.,:/-]*[a-zA-Z0-9]|\d"  # a number or identifier among them
_NAME = r"\w*\d[\w.,:/-]*\w|\d"  # a number, a date, an identifier
_LETTERED = (
    r"(?=\w*-?\w*\d)(?=[\d-]*[^\W\d_])\w+(?:[.:/-]\w+)*"  # an identifier with letters: P-20, AS-206, K2
)


def exact_signs(question: str, texts: Iterable[str]) -> FloatArray | None:
    """Return what each unit has of what the question spells out: (m,) float32, higher = keep.

    Parameters
    ----------
    question
        The question.
    texts
        Of each unit with what it hangs on, (m,); not looked at if the question spells out nothing.

    Returns
    -------
    (m,) float32 or None
        The share of the question's numbers and identifiers, and that of its identifiers with letters once
        more, in [0, 2]; in Thai, Lao, Khmer and Burmese
        `GRAM_WEIGHT` times that of its n-grams, in Chinese `PAIR_WEIGHT` times that of its pairs of
        characters and its numbers, rare ones counting more. None if the question has nothing of these, or
        all units are alike.

    Examples
    --------
    >>> exact_signs("What is the power of P-20?", ["P-10, power 2.2", "P-20, power 3.0"]).tolist()
    [0.0, 2.0]
    """
    shares: FloatArray
    if is_unspaced(question):
        shares = _gram_shares(question, texts)
    elif pairs(question):
        shares = _gram_shares(question, texts, pairs, PAIR_WEIGHT)
    elif names := {name.lower() for name in re.findall(_NAME, question)}:
        lower = [text.lower() for text in texts]
        lettered = {name.lower() for name in re.findall(_LETTERED, question)}
        shares = _name_shares(names, lower) + _name_shares(lettered, lower)
    else:
        return None
    return shares if len(shares) and np.ptp(shares) > 0 else None


def _name_shares(names: set[str], texts: Sequence[str]) -> FloatArray:
    found = [sum(_has(text, name) for name in names) / max(len(names), 1) for text in texts]
    return np.array(found, np.float32)


def _has(text: str, name: str) -> bool:
    """Return whether a name stands in a text as a word of its own."""
    at = text.find(name)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not (before.isalnum() or after.isalnum()):
            return True
        at = text.find(name, at + 1)
    return False


def _gram_shares(
    question: str,
    texts: Iterable[str],
    cut: Callable[[str], set[str]] | None = None,
    most: float = GRAM_WEIGHT,
) -> FloatArray:
    cut = cut or grams
    asked, held = cut(question), [cut(text) for text in texts]
    counts = Counter(gram for grams in held for gram in grams & asked)
    m = len(held)
    weight = {gram: float(np.log1p((m - n + 0.5) / (n + 0.5))) for gram, n in counts.items()}
    whole = max(sum(weight.values()), 1e-9)
    shares = np.array([sum(weight[g] for g in grams & asked) for grams in held], np.float32)
    return np.float32(most / whole) * shares


def pairs(text: str) -> set[str]:
    """Return the pairs of neighbouring Chinese characters of a text, and its numbers and identifiers.

    >>> sorted(pairs("秦冠的3号")), pairs("pump P-20")
    (['3', '冠的', '秦冠'], set())
    """
    found = {text[m.start() : m.start() + 2] for m in re.finditer(_HAN_PAIR, text)}
    return found | {name.lower() for name in re.findall(_CODE, text)} if found else found


def grams(text: str) -> set[str]:
    """Return the n-grams of a text, blanks left out."""
    text = "".join(text.split())
    return {text[i : i + GRAM] for i in range(len(text) - GRAM + 1)}
