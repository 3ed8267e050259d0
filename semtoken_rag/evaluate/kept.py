"""What of an answer is kept, and how sure a share of questions is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from semtoken_rag.examples import Example, occurrences

Z = 1.96  # of a normal distribution, 95 % lie within


def keeps_answer(example: Example, texts: Sequence[str]) -> bool:
    """Return whether texts still have what answers a question: each gold sentence, or one of the answers.

    Blanks and line breaks are all the same. A gold sentence counts in one text; one that was cut does not.

    >>> from semtoken_rag import Chunk
    >>> tower = Example("When?", [Chunk("It opened in 1889.")], [(0, 13, 17)], alternatives=True)
    >>> keeps_answer(tower, ["Opened in 1889"]), keeps_answer(tower, ["in 18890"])
    (True, False)
    """
    plain = [_plain(text) for text in texts]
    gold = {_plain(example.chunks[chunk].text[start:end]) for chunk, start, end in example.gold}
    if example.alternatives:
        return any(says(text, list(gold)) for text in plain)
    return all(any(sentence in text for text in plain) for sentence in gold)


def says(text: str, answers: Sequence[str]) -> bool:
    """Return whether a text has one of the answers as whole words, in any case."""
    return next(occurrences(text, answers), None) is not None


def interval(right: int, total: int) -> tuple[float, float]:
    """Return Wilson's interval of a share, which has the true one for 19 of 20 samples.

    >>> [round(end, 3) for end in interval(48, 50)]
    [0.865, 0.989]
    """
    share, weight = right / total, Z * Z / total
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight * weight / 4) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)


def _plain(text: str) -> str:
    return " ".join(text.split())
