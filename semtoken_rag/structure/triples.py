"""Tables as sentences, "row, column = value.", as Docling writes them: each of them is a row of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.full_stops import REACH, ends_sentence
from semtoken_rag.structure.html_runs import Sentences, whole
from semtoken_rag.structure.slices import Range, finish, trim

LABEL = 300  # characters of row and column at most
CAPTION = 200  # characters in front of the first triple that are still its caption
TRIES = 4  # ends of sentences in front of an equals sign that are looked at


def parse_triples(text: str, start: int, end: int, sentences: Sentences = whole) -> list[Segment] | None:
    """Cut "row, column = value." sentences apart.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.
    sentences
        Cuts a range of the text into ranges of sentences; without it, text between triples is one.

    Returns
    -------
    list of Segment or None
        One ``row`` for each triple, full stop included; dots within labels, numbers and units do not end it.
        A few words in front of the first are the ``caption`` that all hang on; sentences between two hang on
        the one before them, and other text around is in ``sentence`` segments too. None if there are less
        than two triples.

    Examples
    --------
    >>> text = "P-20, Power (kW) = 3.0. P-20, Head (m) = 35. P-30, Power (kW) = approx. 4.0."
    >>> [text[s.start : s.end] for s in parse_triples(text, 0, len(text))]
    ['P-20, Power (kW) = 3.0.', 'P-20, Head (m) = 35.', 'P-30, Power (kW) = approx. 4.0.']
    """
    triples = _triples(text, start, end)
    if not triples:
        return None
    drafts = []
    before = trim(text, start, triples[0][0])
    if before[0] < before[1]:
        short = before[1] - before[0] <= CAPTION and "\n\n" not in text[before[1] : triples[0][0]]
        drafts.append(Segment(*before, "caption" if short else "sentence"))
    parent = 0 if drafts and drafts[0].kind == "caption" else -1
    for (a, b), (following, _) in zip(triples, [*triples[1:], (end, end)], strict=True):
        row, last = len(drafts), following == end
        drafts.append(Segment(a, b, "row", parent))
        hangs = -1 if last else row
        drafts += [Segment(*each, "sentence", hangs) for each in sentences(text, b, following)]
    return finish(text, drafts)


def find_triples(text: str, start: int, end: int) -> Iterator[Range]:
    """Yield the range of ``text[start:end]`` that triples take up, if there are at least two.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.

    Yields
    ------
    (int, int)
        Character range from the first triple to the last.

    Examples
    --------
    >>> text = "All pumps. P-20, Power = 3. P-20, Head = 35. Prices are net."
    >>> [text[a:b] for a, b in find_triples(text, 0, len(text))]
    ['P-20, Power = 3. P-20, Head = 35.']
    """
    if triples := _triples(text, start, end):
        yield triples[0][0], triples[-1][1]


def _triples(text: str, start: int, end: int) -> list[Range]:
    """Ranges of all triples, [] for less than two."""
    if text.count(" =", start, end) < 2:
        return []
    signs = [match.start() for match in re.finditer(r"(?<=[^\s=]) =(?=\s|\Z)", text[start:end])]
    gaps = _gaps(text, start, [start + sign for sign in signs])
    if len(gaps) < 2:
        return []
    names = Counter(name for gap in gaps for name in {_row(text, at, gap[0]) for at in gap[1]})
    begins = [_begin(text, sign, tries, names) for sign, tries in gaps]
    triples = []
    for number, (begin, (sign, _)) in enumerate(zip(begins, gaps, strict=True)):
        last = number + 1 == len(begins)
        triples.append(trim(text, begin, _tail(text, sign, end if last else begins[number + 1], last)))
    return triples


def _gaps(text: str, start: int, signs: list[int]) -> list[tuple[int, list[int]]]:
    """Each equals sign with a "row, column" in front of it, and where that may begin, nearest first."""
    gaps: list[tuple[int, list[int]]] = []
    left = start
    for sign in signs:
        low = max(left, sign - LABEL)
        comma = text.rfind(", ", low, sign)
        tries: list[int] = []
        at = comma
        while comma >= 0 and len(tries) < TRIES:
            stop = max(text.rfind(mark, low, at) for mark in (". ", ".\n", ".\r"))
            if stop < 0:
                break
            begin = trim(text, stop + 1, sign)[0]
            if begin < comma:
                tries.append(begin)
            at = stop
        if comma >= 0 and low == start and not gaps:
            tries.append(_first(text, start, comma))
        if tries:
            gaps.append((sign, tries))
            left = sign + 1
    return gaps


def _first(text: str, start: int, comma: int) -> int:
    """Begin of the first label: behind the line above it, or behind a colon."""
    begin = max(text.rfind("\n", start, comma), text.rfind(": ", start, comma)) + 1
    return trim(text, max(begin, start), comma)[0]


def _row(text: str, begin: int, sign: int) -> str:
    """Name of the row in the label between a possible begin and its equals sign."""
    return text[begin : text.rfind(", ", begin, sign)]


def _begin(text: str, sign: int, tries: list[int], names: Counter[str]) -> int:
    """Choose where a label begins: its row has a name that comes again, and abbreviations end nothing."""
    best = tries[0]
    for begin in tries[1:]:
        more = names[_row(text, begin, sign)] - names[_row(text, best, sign)]
        word = re.search(r"(\w+)\.\s+\Z", text[max(begin, best - 12) : best])
        short = word is not None and re.match(r"[^\W\d_]{1,4}\Z", word.group(1)) is not None
        if more > 0 or (more == 0 and short and text[begin : begin + 1].isupper() and begin + 8 > best):
            best = begin
    return best


def _tail(text: str, sign: int, end: int, last: bool) -> int:
    """End of a triple's value: where a sentence begins behind a full stop; of the last, its line at most."""
    line = text.find("\n", trim(text, sign + 2, end)[0], end) if last else -1
    stop = end if line < 0 else line
    for match in re.finditer(r"(?<![A-Z]\.)(?<=\.)\s+(?=[^\W\d_a-z]\w*\s+\S+\s+\S)", text[sign + 2 : stop]):
        at = sign + 2 + match.start()
        if ends_sentence(text[max(0, at - REACH) : at], text[at : at + REACH], "", True):
            return at
    return stop


def columns(text: str, start: int, end: int) -> set[str]:
    """Return the names of the columns of triples, empty for less than two triples.

    Parameters
    ----------
    text
        Any text.
    start
        Where the range begins, in characters.
    end
        Where it ends, exclusive.

    Returns
    -------
    set of str
        What stands between the last comma and the equals sign of each.
    """
    found = set()
    for a, b in _triples(text, start, end):
        label = text[a:b].partition(" =")[0]
        found.add(label[label.rfind(", ") + 2 :])
    return found
