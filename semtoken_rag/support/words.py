"""The words of a text that say something: names, numbers, dates, and the others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Set
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from semtoken_rag.support.quantities import quantities
from semtoken_rag.text.plain import EACH, RUNS, plain

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


class Word(NamedTuple):
    """A word, a number or a date: as it is written, what a source must have of it, and what it has as one."""

    written: str
    needs: tuple[str, ...]
    offers: tuple[str, ...]
    named: bool  # a name or a number


def answer_words(sentence: str, small: Set[str], german: bool) -> list[Word]:
    """Return the words of a sentence of an answer, without its number in a list and with fewer names.

    Parameters
    ----------
    sentence
        The sentence.
    small
        Words that stand somewhere without a capital: as a first word, they are no names.
    german
        Whether nouns have capitals: behind an article, they are no names.

    Returns
    -------
    list of Word
        In order.
    """
    text = plain(sentence)
    if mark := re.match(_NUMBERING, text):
        dated = any(q.end > mark.end() for q in islice(quantities(text), 1))
        text = text if dated else text[mark.end() :]
    first = re.search(r"[^\W\d_]*", text.lstrip(" \n\t*_#>\"'(-"))
    common = {*re.findall(_NOUN, text)} if german else set()
    read = [*content_words(text)]
    if (
        read
        and first
        and read[0].written == first[0].capitalize()
        and (read[0].needs[0] in small or re.fullmatch(_OPENING, first[0]))
    ):
        common.add(first[0])
    return [word._replace(named=False) if word.written in common else word for word in read]


def content_words(text: str, heads: Collection[tuple[int, str]] = ()) -> Iterator[Word]:
    """Yield the words that say something."""
    text = re.sub(_LEFT_OUT, "", plain(text))
    at = 0
    for start, end, needs, offers in quantities(text, heads):
        yield from _words(text, at, start)
        yield Word(text[start:end], needs, offers, not needs[0].isalpha())
        at = end
    yield from _words(text, at, len(text))


def _words(text: str, start: int, end: int) -> Iterator[Word]:
    read = (_word(match[0]) for match in re.compile(_WORD).finditer(text, start, end))
    return (word for word in read if word)


@lru_cache(10_000)
def _word(written: str) -> Word | None:
    """Return a word, None if it says nothing."""
    low = written.casefold()
    if low in _EMPTY:
        return None
    if re.match(f"[{RUNS}]", written):
        keys = tuple(written[i : i + 3] for i in range(max(1, len(written) - 2)))
    else:
        keys = (low if written[0].isdigit() else re.sub(_ENDING, "", low),)
    named = written != written.lower() or re.search(r"[\d_@¹²³⁰-⁹¼-⅞]", written)
    return Word(written, keys, keys, bool(named))


def offers_of(text: str) -> set[str]:
    """Return what all words of a text have as a source."""
    return {key for word in content_words(text) for key in word.offers}
