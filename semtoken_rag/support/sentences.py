"""What a sentence of an answer rests on: a source that has its names and numbers, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

import numpy as np

from semtoken_rag.stages.segment import segment
from semtoken_rag.structure.language import guess_language
from semtoken_rag.support.result import Passage, SupportedSentence
from semtoken_rag.support.sources import Sources, Unit
from semtoken_rag.support.words import Word, answer_words, content_words, offers_of
from semtoken_rag.text.quote import LEAST, longest_run, occurrences, words

MOST = 2  # sources that are read together for one sentence
LONGEST = 100_000  # words of a sentence times those of a unit that are searched for the words in common
SHARED = 2  # words that a source needs in common with a sentence that has as many


def support(answer: str, passages: Iterable[Passage], question: str = "") -> list[SupportedSentence]:
    """Find what each sentence of an answer rests on.

    A sentence is supported if all of its names and numbers are in the sources, and those that the question
    lacks in one of their sentences, or in two that each have more in common with it. A sentence that only
    repeats the question, or has neither names nor numbers, needs one source sentence with all of its words.
    That shows where a sentence comes from, not that it is true. A negation cannot be seen: *closed in 1889*
    and *never closed in 1889* have the same names and numbers.

    A number is compared with its sign, scale and unit, a date in any order, see
    `semtoken_rag.support.quantities`; one without a unit is supported by one with any. Accents, and the forms
    of digits, apostrophes and hyphens do not count. A name is a word with a capital. Not so the first word of
    a sentence that a source or the question has without a capital, or that ends as *currently* and *located*
    do; nor a German noun behind an article. Scripts without capitals show no names: there, numbers or all
    words are held to.

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
    sources, asked = Sources([*passages]), offers_of(question)
    small = sources.small.union(*(word.offers for word in content_words(question) if not word.named))
    german = guess_language(answer) == "de"
    ends = [s.end for s in segment(answer)]
    ends[-1:] = [len(answer)] if answer else []  # trailing blanks, or an answer without a sentence
    sentences = [answer[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    return [_support(s, answer_words(s, small, german), sources, asked) for s in sentences]


def _support(sentence: str, read: Sequence[Word], sources: Sources, asked: Set[str]) -> SupportedSentence:
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


def _cover(new: Set[str], content: Set[str], sources: Sources) -> list[Unit]:
    """Return units that together have all of ``new``, each with more of the sentence; none if too many."""
    enough = sources.count(sources.own, content) >= min(SHARED, len(content))
    able = enough & (sources.count(sources.every, new) > 0)
    common = sources.count(sources.every, content)
    chosen: list[Unit] = []
    left = set(new)
    while left and able.any() and len(chosen) < MOST:
        score = sources.count(sources.every, left) * (len(content) + 1) + common
        best = sources.units[int(np.where(able, score, -1).argmax())]
        chosen, left = [*chosen, best], left - best.keys
    return [] if left else chosen


def _place(sentence: str, unit: Unit, new: Set[str]) -> tuple[str, int, int]:
    """Return the words that a unit shares with the sentence if they say as much, else the whole unit."""
    text = unit.passage.text
    here, there = words(sentence, 0, len(sentence)), words(text, unit.start, unit.end)
    run = longest_run(here, there) if len(here) * len(there) < LONGEST else ()
    if len(run) >= LEAST:
        start, end = occurrences(run, there)[0]
        if new & unit.keys <= offers_of(text[start:end]):
            return unit.passage.id, start, end
    return unit.passage.id, unit.start, unit.end
