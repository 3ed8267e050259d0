"""What a sentence of an answer rests on: a source that has its names and numbers, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from semtoken_rag.stages.segment import segment
from semtoken_rag.text.quote import LEAST, longest_run, occurrences, words

MOST = 2  # sources that are read together for one sentence
SHARED = 2  # words that a source needs in common with a sentence that has as many
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = rf"[{_UNSPACED}]|\d(?:[^\W_{_UNSPACED}])*(?:[.,:/]\d+)*|[^\W{_UNSPACED}]+"
_ENDING = r"(?<=[^\W\d]{3})(?:'s|s|es|ed)$"
# Words that say nothing of a source, openings of answers among them.
_EMPTY = frozenset(
    re.findall(
        r"\S+",
        """
        a about according all also an and answer any are as at based be been both but by can context could
        did do does document for from had has have he her here his how however i if in into is it its it's
        may most no not of on or our she should so some such text than that the their them then there
        therefore these they this those thus to was we were what when where which while who will with
        would yes you your
        """,
    )
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a source, ``text[start:end]``.

    Attributes
    ----------
    id
        Name of the source.
    text
        The source's whole text.
    start, end
        Character range of the slice.
    title
        The source's title, whose words count as if they stood in each of its sentences.
    """

    id: str
    text: str
    start: int
    end: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class SupportedSentence:
    """A sentence of an answer, and what supports it.

    Attributes
    ----------
    text
        The sentence, with the blanks behind it.
    sources
        Pairs of a source's name and range: (id, start, end), best first; empty if it is unsupported.
    missing
        Names and numbers of the sentence that no source has, as they are written.
    """

    text: str
    sources: tuple[tuple[str, int, int], ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether a source supports the sentence."""
        return bool(self.sources)


def support(answer: str, passages: Iterable[Passage], question: str = "") -> list[SupportedSentence]:
    """Find what each sentence of an answer rests on.

    A sentence is supported if all of its names and numbers are in the sources, and those that the question
    lacks in one of their sentences, or in two that each have more in common with it. A sentence that only
    repeats the question, or has neither names nor numbers, needs one source sentence with all of its words.
    That shows where a sentence comes from, not that it is true: *closed in 1889* and *never closed in 1889*
    have the same names and numbers.

    Parameters
    ----------
    answer
        The answer.
    passages
        What the answer was made from.
    question
        The question; its names and numbers are no evidence.

    Returns
    -------
    list of SupportedSentence
        In order; their texts joined are the answer.

    Examples
    --------
    >>> text = "She was born in Tolverne. She died in 1909."
    >>> source = [Passage("a", text, 0, len(text))]
    >>> [(s.sources, s.missing) for s in support("In Tolverne. In Morwen.", source)]
    [((('a', 0, 25),), ()), ((), ('Morwen',))]
    """
    units = [unit for passage in passages for unit in _units(passage)]
    asked = set(_keys(question))
    ends = [s.end for s in segment(answer)]
    ends[-1:] = [len(answer)]  # trailing blanks, or an answer without a sentence
    return [_support(answer[a:b], units, asked) for a, b in zip([0, *ends], ends, strict=False)]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence of a source, or what stands for one: a row, an item, a line of code."""

    passage: Passage
    start: int
    end: int
    own: frozenset[str]
    keys: frozenset[str]  # its own and the title's


def _units(passage: Passage) -> Iterator[_Unit]:
    title = [*_keys(passage.title)]
    for found in segment(passage.text[passage.start : passage.end]):
        start, end = passage.start + found.start, passage.start + found.end
        own = frozenset(_keys(passage.text[start:end]))
        yield _Unit(passage, start, end, own, own.union(title))


def _support(sentence: str, units: Sequence[_Unit], asked: set[str]) -> SupportedSentence:
    content = dict(_content(sentence))  # key: as it is written
    named = [key for key, word in content.items() if _is_name(word)]
    known = frozenset().union(*(u.keys for u in units))
    if missing := tuple(content[key] for key in named if key not in known):
        return SupportedSentence(sentence, missing=missing)
    if new := {key for key in named if key not in asked}:
        chosen = _cover(new, set(content), units)
    else:
        whole = [u for u in units if content and u.keys >= content.keys()]
        chosen = whole[:1]
    return SupportedSentence(sentence, tuple(_place(sentence, u, new) for u in chosen))


def _cover(new: set[str], content: set[str], units: Sequence[_Unit]) -> list[_Unit]:
    """Return units that together have all of ``new``, each with more of the sentence; none if too many."""
    able = [u for u in units if u.keys & new and len(u.own & content) >= min(SHARED, len(content))]
    chosen: list[_Unit] = []
    left = set(new)
    while left and able and len(chosen) < MOST:
        best = max(able, key=lambda u: (len(u.keys & left), len(u.keys & content)))
        chosen, left = [*chosen, best], left - best.keys
    return [] if left else chosen


def _place(sentence: str, unit: _Unit, new: set[str]) -> tuple[str, int, int]:
    """Return the words that a unit shares with the sentence if they say as much, else the whole unit."""
    text = unit.passage.text
    there = words(text, unit.start, unit.end)
    run = longest_run(words(sentence, 0, len(sentence)), there)
    if len(run) >= LEAST:
        start, end = occurrences(run, there)[0]
        if new & unit.keys <= set(_keys(text[start:end])):
            return unit.passage.id, start, end
    return unit.passage.id, unit.start, unit.end


def _content(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words that say something, each as it is compared and as it is written."""
    for word in re.findall(_WORD, text):
        if (low := word.casefold()) not in _EMPTY:
            yield _key(low), word


def _keys(text: str) -> Iterator[str]:
    return (key for key, _ in _content(text))


def _key(word: str) -> str:
    if word[0].isdigit():
        return re.sub(r",(?=\d{3}(?!\d))", "", word)
    return re.sub(_ENDING, "", word)


def _is_name(word: str) -> bool:
    return word != word.lower() or any(c.isdigit() or c == "_" for c in word)
