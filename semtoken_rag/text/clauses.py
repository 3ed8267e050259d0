"""Clauses: where a sentence may be cut, and which runs of its parts say what the sentence says."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from semtoken_rag.text.atoms import atoms, merged
from semtoken_rag.text.governing import OPENERS, excepting, governing

LEAST_WORDS = 3  # of a part
LEAST_CHARACTERS = 6  # of a part in a script that writes no blanks

# Strings: re compiles them at their first use and not at import.
_CUT = (
    r"[,;:)\]][\"'”’»)]*(?=\s)|[—…](?!\s*[.!?])|\s[–-](?=\s)|(?=(?<=\s)\()"
    r"|[、，；：）…]+[」』”]?|(?=（)"
)
_EAST = "[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_AHEAD = r"[\s(\[（\"'“„«]*(?:(?:and|but|or|und|aber|oder|et|mais|ou|y|pero|o|e|ma|mas|但|并|且|而)\s+)?"
_SUBJECT = (
    r"\s*(?:the|a|an|it|he|she|they|we|you|this|these|der|die|das|ein|eine|er|sie|es|wir|dieser|le|la|les|un|une|il"
    r"|elle|ils|elles|el|los|las|lo|gli|os|as|o)\s(?:[^;:,]{1,80}\s)?"
)
_VERB = (
    "is|are|was|were|has|have|had|may|must|shall|will|can|ist|sind|war|waren|hat|haben|darf|muss|wird|werden|kann"
    "|est|sont|était|ont|doit|peut|es|son|fue|ha|han|debe|puede|è|sono|deve|può|é|são|foi|tem|pode"
)
_CLAUSE = rf"{_SUBJECT}(?:{_VERB}|a)\s"  # after a semicolon, a sentence of its own
_ANEW = rf"{_AHEAD}{_SUBJECT}(?:{_VERB})\s"  # after what limits; "a" may be an article
_LABEL = (
    r"\W*[^\W\d_][\w.'’-]*(?: [\w.'’-]+){0,3}\s?[:：](?=\s|[^\x00-\x7f])"  # who says it, or what it is of
)
_THAT = r"\s*(?:and |or |und |oder |et |ou |y |o |e )?(?:that|dass|daß|que|qu'|qu’|che)\s"  # beside another
_CONTENT = r"\s*(?:and |or |und |oder |sowie )?(?:that|dass|daß)\s"  # what has a subject and a verb anyway


@dataclass(frozen=True, slots=True)
class Clauses:
    """The parts of a sentence. A run from part ``i`` to part ``j`` may be kept iff both flags allow it.

    Attributes
    ----------
    spans
        Character range of each part, in order, without surrounding blanks.
    may_start
        Whether the part is a clause with a subject of its own, and no word before it negates, limits,
        conditions or attributes what it says.
    may_end
        Whether none behind it does, and it does not announce what follows (a colon).
    """

    spans: list[tuple[int, int]]
    may_start: list[bool]
    may_end: list[bool]


def clauses(text: str, start: int, end: int, language: str = "") -> Clauses:
    """Cut a sentence at its clause borders, and find which of them a part of it may begin and end at.

    If in doubt, neither: a negation, condition or attribution reaches to the end of the sentence and back
    to its beginning, except over a semicolon to a clause with a subject and a verb of its own. What an
    exception or condition lists is whole: it ends at a semicolon, at such a clause, or with the sentence.

    Parameters
    ----------
    text
        Any text.
    start
        Where the sentence begins, in characters.
    end
        Where it ends, exclusive.
    language
        Language code; spares words that are harmless in this language (`governing`).

    Returns
    -------
    Clauses
        The spans in source order, and which of them a part may begin and end at.

    Examples
    --------
    >>> text = "The pool is heated and open to guests, the sauna opens at five, except on Mondays."
    >>> made = clauses(text, 0, len(text))
    >>> [text[a:b] for a, b in made.spans]
    ['The pool is heated and open to guests,', 'the sauna opens at five, except on Mondays.']
    >>> made.may_start, made.may_end
    ([True, False], [False, True])
    """
    borders = [start, *clause_borders(text, start, end, language), end]
    spans = [(a, a + len(text[a:b].rstrip())) for a, b in pairwise(borders)]
    if len(spans) == 1:
        return Clauses(spans, [True], [True])
    lower = _lower(text[start:end])
    words = [start + m.start() for m in governing(language).finditer(lower)]
    if opening().match(lower) or re.match(_LABEL, lower):
        words.insert(0, start)
    limits = [start + m.start() for m in excepting(language).finditer(lower)]
    fresh = [start, *_fresh(lower, start), end]
    that = f"{_CONTENT}|{_THAT}{_CLAUSE}"
    beside = [left for left, right in spans if re.match(that, lower[left - start : right - start])]
    may_start, may_end = [], []
    for left, right in spans:
        begun = fresh[bisect_right(fresh, left, 1, len(fresh) - 1) - 1]
        done = min([at for at in (*fresh[1:], *beside) if at >= right])
        reach = min([at for at in beside if at >= right], default=end)
        own = re.match(f"{_CONTENT}|{_AHEAD}(?:{_THAT})?{_CLAUSE}", lower[left - start : right - start] + " ")
        told = min(left, *beside) if left in beside else left  # what is said in one governs no other
        may_start.append(left <= start or (own is not None and not _any(words, begun, told)))
        parted = text[right - 1 : right] in ";；" and ":" not in lower
        anew = parted or re.compile(_ANEW).match(lower, right - start) is not None  # no more of a list
        ends = (
            text[right - 1 : right] not in ":：("
            and not _any(words, right, done)
            and not _any(limits, right, reach)
            and (anew or not _any(limits, begun, right))
        )
        may_end.append(ends or right >= spans[-1][1])
    return Clauses(spans, may_start, may_end)


def clause_borders(text: str, start: int, end: int, language: str = "") -> list[int]:
    """Find where a sentence may be cut: behind its punctuation and before its brackets.

    Never inside an atom or a bracket, never before the word of an exception or right behind it, and never so
    that a part of less than `LEAST_WORDS` words, or `LEAST_CHARACTERS` characters of a script without blanks,
    would be left.

    Parameters
    ----------
    text
        Any text.
    start
        Where the sentence begins, in characters.
    end
        Where it ends, exclusive.
    language
        Language code, as for `clauses`.

    Returns
    -------
    list of int
        Where a part begins, in order, without ``start``.

    Examples
    --------
    >>> clause_borders("It rained all day, and 1,5 m of snow fell on the hills.", 0, 55)
    [19]
    """
    part = text[start:end]
    cuts = [start + m.end() for m in re.finditer(_CUT, part)]
    if not cuts:
        return []
    lower, (before, behind) = _lower(part), _beside_exceptions(language)
    whole = merged([*atoms(text, start, end), *_bracketed(part, start)])
    opened = {start + m.end() for m in behind.finditer(lower)}
    borders, w = [start], 0
    for at in cuts:
        while at < end and text[at].isspace():
            at += 1
        while w < len(whole) and whole[w][1] <= at:
            w += 1
        inside = w < len(whole) and whole[w][0] < at
        bound = at in opened or before.match(lower, at - start)
        if at < end and not inside and not bound and _is_part(text[borders[-1] : at]):
            borders.append(at)
    if len(borders) > 1 and not _is_part(text[borders[-1] : end]):
        borders.pop()
    return borders[1:]


def _is_part(text: str) -> bool:
    """Return whether a part has enough words, or characters of a script that writes no blanks."""
    return (
        len(text.split(None, LEAST_WORDS)) >= LEAST_WORDS or len(re.findall(_EAST, text)) >= LEAST_CHARACTERS
    )


@cache
def _beside_exceptions(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of what stands from a border to an exception, and from an exception to a border."""
    words = f"(?:{excepting(language).pattern})"
    return re.compile(_AHEAD + words), re.compile(words + r"\W*")


@cache
def opening() -> re.Pattern[str]:
    """Pattern of a beginning that is a condition for the whole sentence, for a text in lower case."""
    words = OPENERS.replace(", ", "|").replace("*", r"\w*")
    return re.compile(rf"\W*(?:{words})(?!\w)")


def _any(places: list[int], left: int, right: int) -> bool:
    """Return whether one of these sorted places is in ``left:right``."""
    found = bisect_left(places, left)
    return found < len(places) and places[found] < right


def _fresh(lower: str, start: int) -> list[int]:
    """Where a main clause begins behind a semicolon; nowhere if a colon announces a list."""
    if ":" in lower or "：" in lower:
        return []
    return [start + match.end() for match in re.finditer(rf";(?={_CLAUSE})", lower)]


def _bracketed(part: str, start: int) -> list[tuple[int, int]]:
    """Ranges of brackets that close, the outermost of each."""
    found, opened = [], []
    for match in re.finditer(r"[(\[（〔【)\]）〕】]", part):
        if match.group() in "([（〔【":
            opened.append(match.start())
        elif opened:
            found.append((start + opened.pop(), start + match.end()))
    return found


def _lower(text: str) -> str:
    """``text`` in lower case, each character in its place."""
    lower = text.lower()
    return (
        lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    )
