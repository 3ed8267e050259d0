"""What a sentence of an answer rests on: a source that has its names and numbers, or nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from semtoken_rag.stages.segment import segment
from semtoken_rag.structure.language import guess_language
from semtoken_rag.text.forms import EACH, RUNS, headed, plain, quantities
from semtoken_rag.text.quote import LEAST, longest_run, occurrences, words
from semtoken_rag.types import IntArray

MOST = 2  # sources that are read together for one sentence
HEADS = 8  # units above the numbers of a source
LONGEST = 100_000  # words of a sentence times those of a unit that are searched for the words in common
SHARED = 2  # words that a source needs in common with a sentence that has as many
_WORD = (
    rf"[\w.+-]{{1,64}}@[\w.-]{{1,64}}\w|[{EACH}]|[{RUNS}]+|\d(?:[^\W{EACH}{RUNS}])*(?:[.,:/]\d+)*"
    rf"|(?:[^\W\d{EACH}{RUNS}]|(?<=\w)\d)+"
)
_ENDING = r"(?<=[^\W\d]{3})(?:e[sdn]?|s)$"
_LEFT_OUT = r"(?<=\w)'(?:s|ll|re|ve|d|m)(?!\w)|n't(?!\w)|(?<=\b[A-Z])\.(?=[A-Z]\b)"
_NUMBERING = r"\s*\d{1,2}[.)]\s+(?=\S)"
_OPENING = r"\w{5,}ly|\w{3,}(?:at|nd|sh|en)ed"  # Currently, Located: a first word that is no name
# German has a capital for every noun; behind an article it is no name.
_NOUN = r"\b(?:[Dd](?:er|as|en|em|es|ie)|[KkMmSs]?[Ee]in(?:e[nmrs]?)?) (?:[a-z]\w+ )?([A-Z]\w+)"
# Words that say nothing of a source, openings of answers among them.
_EMPTY = frozenset(
    plain(
        """
        a about according additionally after all also although an and answer any are around as at based be
        because been before between both but by ca can cannot context could despite did do document does dr
        during first for from furthermore given had has have he her here his how however i if in including
        into is it its may moreover most mr mrs ms no not note of on or our overall prof regarding second
        she should since so some such sure text than thanks that the their them then there therefore these
        they this those thus to under until was we were what when where whereas which while who will with wo
        would yes you your
        auf das dem den der des die dies diese ein eine er es für im man nach sie von wir zu ce cette dans
        el elle en il la las le les los su un una une
        """
    ).split()
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
    That shows where a sentence comes from, not that it is true. A negation cannot be seen: *closed in 1889*
    and *never closed in 1889* have the same names and numbers.

    A number is compared with its sign, scale and unit, a date in any order, as `semtoken_rag.text.forms`
    reads them; one without a unit is supported by one with any. Accents, and the forms of digits, apostrophes
    and hyphens do not count. A name is a word with a capital. Not so the first word of a sentence that a
    source or the question has without a capital, or that ends as *currently* and *located* do; nor a German
    noun behind an article. Scripts without capitals show no names: there, numbers or all words are held to.

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
    sources, asked = _Sources([*passages]), _offers(question)
    small = sources.small.union(*(word.offers for word in _content(question) if not word.named))
    german = guess_language(answer) == "de"
    ends = [s.end for s in segment(answer)]
    ends[-1:] = [len(answer)] if answer else []  # trailing blanks, or an answer without a sentence
    sentences = [answer[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    return [_support(s, _answered(s, small, german), sources, asked) for s in sentences]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence of a source, or what stands for one: a row, an item, a line of code."""

    passage: Passage
    start: int
    end: int
    keys: set[str]  # its own, the title's, and those of its headings and the like


class _Sources:
    """The sentences of all sources, and where each word is."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.units: list[_Unit] = []
        self.small: set[str] = set()  # words that are written without a capital
        own, every = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        heads = defaultdict[str, list[tuple[int, str]]](list)
        for p in passages:
            more = headed(plain(p.text[p.start : p.end]))
            heads[p.id] = [*dict.fromkeys([*heads[p.id], *more])][:HEADS]
        for p in passages:
            title = _offers(p.title)
            keys: list[set[str]] = []  # of each segment: its own, those of what it hangs on, the title's
            for found in segment(p.text[p.start : p.end]):
                start, end = p.start + found.start, p.start + found.end
                read = [*_content(p.text[start:end], heads[p.id])]
                self.small.update(key for word in read if not word.named for key in word.offers)
                said = {key for word in read for key in word.offers}
                keys.append(said | (keys[found.parent] if found.parent >= 0 else title))
                for key in said:
                    own[key].append(len(self.units))
                for key in keys[-1]:
                    every[key].append(len(self.units))
                self.units.append(_Unit(p, start, end, keys[-1]))
        self.own = {key: np.array(where) for key, where in own.items()}
        self.every = {key: np.array(where) for key, where in every.items()}

    def count(self, where: Mapping[str, IntArray], keys: Iterable[str]) -> IntArray:
        """Return how many of the keys each unit has, (units,)."""
        found = [where[key] for key in keys if key in where]
        return np.bincount(np.concatenate([np.empty(0, np.int64), *found]), minlength=len(self.units))


def _support(sentence: str, read: Sequence[_Word], sources: _Sources, asked: Set[str]) -> SupportedSentence:
    named = {key: word.written for word in read if word.named for key in word.needs}
    if missing := dict.fromkeys(written for key, written in named.items() if key not in sources.every):
        return SupportedSentence(sentence, missing=tuple(missing))
    content = {key for word in read for key in word.needs}
    if new := named.keys() - asked:
        chosen = _cover(new, content, sources)
    else:
        whole = np.flatnonzero(sources.count(sources.every, content) == len(content))
        chosen = [sources.units[i] for i in whole[:1] if content]
    return SupportedSentence(sentence, tuple(_place(sentence, u, new) for u in chosen))


def _cover(new: Set[str], content: Set[str], sources: _Sources) -> list[_Unit]:
    """Return units that together have all of ``new``, each with more of the sentence; none if too many."""
    enough = sources.count(sources.own, content) >= min(SHARED, len(content))
    able = enough & (sources.count(sources.every, new) > 0)
    common = sources.count(sources.every, content)
    chosen: list[_Unit] = []
    left = set(new)
    while left and able.any() and len(chosen) < MOST:
        score = sources.count(sources.every, left) * (len(content) + 1) + common
        best = sources.units[int(np.where(able, score, -1).argmax())]
        chosen, left = [*chosen, best], left - best.keys
    return [] if left else chosen


def _place(sentence: str, unit: _Unit, new: Set[str]) -> tuple[str, int, int]:
    """Return the words that a unit shares with the sentence if they say as much, else the whole unit."""
    text = unit.passage.text
    here, there = words(sentence, 0, len(sentence)), words(text, unit.start, unit.end)
    run = longest_run(here, there) if len(here) * len(there) < LONGEST else ()
    if len(run) >= LEAST:
        start, end = occurrences(run, there)[0]
        if new & unit.keys <= _offers(text[start:end]):
            return unit.passage.id, start, end
    return unit.passage.id, unit.start, unit.end


class _Word(NamedTuple):
    """A word, a number or a date: as it is written, what a source must have of it, and what it has as one."""

    written: str
    needs: tuple[str, ...]
    offers: tuple[str, ...]
    named: bool  # a name or a number


def _answered(sentence: str, small: Set[str], german: bool) -> list[_Word]:
    """Return the words of a sentence of an answer, without its number in a list and with fewer names.

    A first word is no name if a source has it without a capital, or by its ending, nor is a German noun
    behind an article.
    """
    text = plain(sentence)
    if mark := re.match(_NUMBERING, text):
        dated = any(q.end > mark.end() for q in islice(quantities(text), 1))
        text = text if dated else text[mark.end() :]
    first = re.search(r"[^\W\d_]*", text.lstrip(" \n\t*_#>\"'(-"))
    common = {*re.findall(_NOUN, text)} if german else set()
    read = [*_content(text)]
    if (
        read
        and first
        and read[0].written == first[0].capitalize()
        and (read[0].needs[0] in small or re.fullmatch(_OPENING, first[0]))
    ):
        common.add(first[0])
    return [word._replace(named=False) if word.written in common else word for word in read]


def _content(text: str, heads: Collection[tuple[int, str]] = ()) -> Iterator[_Word]:
    """Yield the words that say something."""
    text = re.sub(_LEFT_OUT, "", plain(text))
    at = 0
    for start, end, needs, offers in quantities(text, heads):
        yield from _words(text, at, start)
        yield _Word(text[start:end], needs, offers, not needs[0].isalpha())
        at = end
    yield from _words(text, at, len(text))


def _words(text: str, start: int, end: int) -> Iterator[_Word]:
    read = (_word(match[0]) for match in re.compile(_WORD).finditer(text, start, end))
    return (word for word in read if word)


@lru_cache(10_000)
def _word(written: str) -> _Word | None:
    """Return a word, None if it says nothing."""
    low = written.casefold()
    if low in _EMPTY:
        return None
    if re.match(f"[{RUNS}]", written):
        keys = tuple(written[i : i + 3] for i in range(max(1, len(written) - 2)))
    else:
        keys = (low if written[0].isdigit() else re.sub(_ENDING, "", low),)
    named = written != written.lower() or re.search(r"[\d_@¹²³⁰-⁹¼-⅞]", written)
    return _Word(written, keys, keys, bool(named))


def _offers(text: str) -> set[str]:
    return {key for word in _content(text) for key in word.offers}
