"""What is left of a case, judged: pure functions of the case and of the texts that a method kept.

Texts are compared with every run of blanks as one; a text that begins or ends with a letter or a digit is
found as a whole word, but for scripts without blanks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evaluation.faithful.case import Case, Limit

LETTER = "0-9A-Za-zÀ-ÖØ-öø-ÿŒœ"
CONTEXT = 8  # characters beside an atom by which it is found in a text without offsets, at least

Slices = Mapping[int, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a method passed on.

    Attributes
    ----------
    texts
        Text by chunk; under -1 what cannot be told apart by chunk.
    tokens, budget
        Of the judge's counter.
    slices
        Character ranges that were kept of each chunk; None for a method that gives text alone.
    children, bare
        Kept units that hang on others, and those of them kept without; None for a method without units.
    """

    texts: Mapping[int, str]
    tokens: int = 0
    budget: float = 0.0
    slices: Slices | None = None
    children: int | None = None
    bare: int | None = None


@lru_cache(maxsize=1 << 12)
def squash(text: str) -> str:
    r"""Write every run of blanks as one.

    >>> squash(" 1  250\n000 ")
    '1 250 000'
    """
    return " ".join(text.split())


@lru_cache(maxsize=1 << 16)
def _pattern(needle: str) -> re.Pattern[str]:
    body = re.escape(squash(needle))
    edge = re.compile(f"[{LETTER}]")
    left = f"(?<![{LETTER}])" if edge.match(needle[0]) else ""
    right = f"(?![{LETTER}])" if edge.match(needle[-1]) else ""
    return re.compile(left + body + right)


def places(needle: str, text: str) -> list[tuple[int, int]]:
    """Return where ``needle`` stands in ``text``, in characters of the squashed text.

    >>> places("5 euros", "15 euros or 5  euros")
    [(12, 19)]
    """
    return [match.span() for match in _pattern(needle).finditer(squash(text))]


def answered(case: Case, kept: Kept) -> bool:
    """Whether all that makes the answer is left of the chunk that says it."""
    return any(
        all(places(part, text) for part in case.answer)
        for chunk, text in kept.texts.items()
        if chunk in (case.source, -1)
    )


def bare_claims(case: Case, kept: Kept) -> list[Limit]:
    """Return the claims that are kept without what limits or names them."""
    return [
        limit
        for limit in case.limits
        if any(_misleads(limit, squash(t)) for chunk, t in kept.texts.items() if chunk in (limit.chunk, -1))
    ]


def _misleads(limit: Limit, text: str) -> bool:
    return any(_lacks(limit, text[:start], text[end:]) for start, end in places(limit.text, text))


def _lacks(limit: Limit, head: str, tail: str) -> bool:
    """Whether a claim between ``head`` and ``tail`` lacks what it needs."""
    found = [places(need, head) for need in limit.before]
    if not all(found) or not all(places(need, tail) for need in limit.after):
        return True
    between = head[found[-1][-1][1] :] if found else ""
    return any(places(rival, between) for rival in limit.rivals)


def broken(case: Case, kept: Kept) -> list[str]:
    """Return the atoms of which a part is kept: two characters or a digit, but not the whole.

    By offsets where the method has them; else by the text beside the atom, a lower bound.
    """
    if kept.slices is not None:
        return [
            atom for chunk, atom in case.atoms if _cut(atom, case.chunks[chunk], kept.slices.get(chunk, ()))
        ]
    whole = squash("\n".join(case.chunks))
    return [
        atom
        for chunk, atom in case.atoms
        if any(_torn(squash(atom), whole, squash(t)) for i, t in kept.texts.items() if i in (chunk, -1))
    ]


def _cut(atom: str, chunk: str, slices: Sequence[tuple[int, int]]) -> bool:
    at = chunk.index(atom)
    inside = [i for i in range(at, at + len(atom)) if not chunk[i].isspace()]
    left = [i for i in inside if any(start <= i < end for start, end in slices)]
    return len(left) < len(inside) and _counts("".join(chunk[i] for i in left))


def _counts(part: str) -> bool:
    """Whether a part of an atom says anything."""
    return len(part.strip()) >= 2 or any(c.isdigit() for c in part)


def _torn(atom: str, whole: str, text: str) -> bool:
    """Whether a part of the atom stands in ``text`` behind what is before it, or before what is behind it."""
    return _breaks_off(atom, whole, text) or _breaks_off(atom[::-1], whole[::-1], text[::-1])


def _breaks_off(atom: str, whole: str, text: str) -> bool:
    """Whether a start of the atom stands in ``text`` behind what is before it, and something else follows.

    Not where a word goes on, nor where the source goes on like that somewhere else: that is another sum in
    the same words.
    """
    head = _beside(whole[: whole.index(atom)], whole)
    for found in re.finditer(re.escape(head), text) if head else ():
        rest = text[found.end() :]
        n = _common(atom, rest)
        word = rest[n - 1 : n].isalnum() and rest[n : n + 1].isalnum()
        elsewhere = len(rest) > n and rest[: n + CONTEXT] in whole
        if n < len(atom) and _counts(atom[:n]) and not word and not elsewhere:
            return True
    return False


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _beside(before: str, whole: str) -> str:
    """Return the end of ``before`` that stands in ``whole`` only once; empty where there is none."""
    for n in range(CONTEXT, len(before) + 1):
        if whole.count(before[-n:]) == 1:
            return before[-n:]
    return ""


def judge(case: Case, kept: Kept) -> dict[str, float | None]:
    """Return the figures of one case; ``right`` is answered and not misleading."""
    answer, misleading = answered(case, kept), bool(bare_claims(case, kept))
    return {
        "answer": float(answer),
        "misleading": float(misleading),
        "right": float(answer and not misleading),
        "broken": float(bool(broken(case, kept))),
        "bare": None if kept.bare is None else float(kept.bare > 0),
        "used": kept.tokens / kept.budget if kept.budget else None,
    }
