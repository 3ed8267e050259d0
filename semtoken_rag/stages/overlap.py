"""Overlap: what chunks of one document share, and sentences that a splitter cut in two."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np

from semtoken_rag.structure.base import CUTTABLE
from semtoken_rag.structure.language import guess_language
from semtoken_rag.structure.sentences import split_sentences
from semtoken_rag.text.atoms import atoms
from semtoken_rag.text.limits import find_limit
from semtoken_rag.types import LIMIT, Chunk, IntArray

LEAST = 20  # characters from which on a shared text counts as an overlap, where no offsets tell
LETTERS = 8  # of them that must be letters or digits
REACH = 2048  # characters at the end of a chunk in which an overlap that no offsets tell may begin
NEIGHBOURS = 8  # chunks that a chunk is compared with in each way, so that copies cost no quadratic time
BLANKS = 2  # characters that a splitter drops between two chunks of one sentence
MOST_JOINED = 1200  # characters of a sentence that is put together
TRIES = 64  # places in a chunk at which an overlap may begin that are looked at
LIMITS = frozenset({"lead", "header", "caption"})  # kinds of units without which others say something else
ENDS, CLOSERS = tuple(".!?…。！？।॥۔؟"), "\"'”’»)]*_"
BITS = 16  # of a hash
FACTORS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1], np.uint32)

Range: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of characters that two chunks share.

    Attributes
    ----------
    first, second
        The chunks; in the source, ``first`` begins before ``second``.
    start, shift
        It begins at character ``start`` of ``first`` and ``start - shift`` of ``second``.
    length
        Its characters. If two neighbours share none: the characters between them, as a number below 1.
    """

    first: int
    second: int
    start: int
    shift: int
    length: int


@dataclass(frozen=True, slots=True)
class Shared:
    """What the units of a call have in common.

    Attributes
    ----------
    chars : (m, 2) int
        Character ranges, of which none reaches into the one that it continues.
    twin, continues : (m,) int
    kinds
        See `semtoken_rag.types.Units`.
    """

    chars: IntArray
    twin: IntArray
    continues: IntArray
    kinds: tuple[str, ...]


def find_shared(
    chunks: Sequence[Chunk], chunk: IntArray, chars: IntArray, parent: IntArray, kinds: Sequence[str]
) -> Shared | None:
    """Find the units that chunks share, and those that go on in another chunk.

    Parameters
    ----------
    chunks
        Those of the call.
    chunk
        Chunk of each unit, (m,).
    chars
        Character range of each unit, (m, 2).
    parent
        What each unit hangs on, (m,).
    kinds
        Of the units, see `semtoken_rag.types.Units`.

    Returns
    -------
    Shared or None
        None if nothing is shared.
    """
    stretches = find_stretches(chunks)
    if not stretches:
        return None
    first = np.searchsorted(chunk, np.arange(len(chunks) + 1)).tolist()
    units = _Units(chunks, first, chars.tolist(), parent.tolist(), list(kinds), [-1] * len(chunk), {}, {})
    partial = sorted(
        (found for stretch in stretches for found in units.compare(stretch)),
        key=lambda found: (-found[0], *map(units.text, found[1:3])),
    )
    for _, before, after, shift in partial:
        if units.link(before, after):
            units.part(before, after, shift)
    for stretch in stretches:
        if stretch.length <= 0:
            units.link_neighbours(stretch)
    continues = np.full(len(chunk), -1, np.int64)
    for after, before in units.link_bounded():
        continues[after] = before
    twin = np.array([units.last_twin(unit) for unit in units.twin], np.int64)
    return Shared(np.array(units.chars, np.int64).reshape(-1, 2), twin, continues, tuple(units.kinds))


@dataclass(slots=True)
class _Units:
    """The units of a call as lists, while they are compared.

    ``before`` and ``after`` hold the unit that one continues, and that continues it.
    """

    chunks: Sequence[Chunk]
    first: list[int]
    chars: list[list[int]]
    parent: list[int]
    kinds: list[str]
    twin: list[int]
    before: dict[int, int]
    after: dict[int, int]

    def text(self, unit: int) -> str:
        start, end = self.chars[unit]
        return self.chunks[self._chunk(unit)].text[start:end]

    def _chunk(self, unit: int) -> int:
        return bisect_right(self.first, unit) - 1

    def compare(self, stretch: Stretch) -> Iterator[tuple[int, int, int, int]]:
        """Find twins in a stretch; yield overlap, first, second and shift of those that overlap in part."""
        u, v = self.first[stretch.first], self.first[stretch.second]
        last_u, last_v = self.first[stretch.first + 1], self.first[stretch.second + 1]
        stop = stretch.start + stretch.length
        while u < last_u and v < last_v:
            a, b = self.chars[u]
            c, d = (at + stretch.shift for at in self.chars[v])
            if min(b, d, stop) > max(a, c, stretch.start):
                if (a, b) == (c, d):
                    self._leave(*((u, v) if self._chain(u) <= self._chain(v) else (v, u)))
                elif a == c and b < d and self._is_led(u, v):
                    yield b - a, u, v, stretch.shift
                elif c <= a and b <= d:
                    self._leave(u, v)
                elif a <= c and d <= b:
                    self._leave(v, u)
                elif a < c:
                    yield b - c, u, v, stretch.shift
                else:
                    yield d - a, v, u, -stretch.shift
            u, v = (u + 1, v) if b <= d else (u, v + 1)

    def _leave(self, unit: int, twin: int) -> None:
        """Leave what ``unit`` says to ``twin``, unless that leaves it to ``unit``."""
        if self.twin[unit] < 0 and self.last_twin(twin) != unit:
            self.twin[unit] = twin

    def last_twin(self, unit: int) -> int:
        """Return the unit to which ``unit`` is left in the end; itself if it is to none, or -1."""
        while unit >= 0 and self.twin[unit] >= 0:
            unit = self.twin[unit]
        return unit

    def _is_led(self, part: int, whole: int) -> bool:
        """Tell whether the beginning of a unit has the lead-in or header that the whole one was cut off."""
        above = self.parent[part]
        return above >= 0 and self.kinds[above] in LIMITS and self.parent[whole] < 0

    def _chain(self, unit: int) -> int:
        """Characters that a unit hangs on."""
        found = 0
        while (unit := self.parent[unit]) >= 0:
            start, end = self.chars[unit]
            found += end - start
        return found

    def link(self, before: int, after: int) -> bool:
        """Have ``after`` continue ``before`` if both stand for themselves; return whether it does."""
        taken = before in self.after or after in self.before
        if taken or self.twin[before] >= 0 or self.twin[after] >= 0 or self._first(before) == after:
            return False
        self.after[before], self.before[after] = after, before
        return True

    def _first(self, unit: int) -> int:
        while unit in self.before:
            unit = self.before[unit]
        return unit

    def part(self, before: int, after: int, shift: int) -> None:
        """Have ``before`` end and ``after`` begin where their overlap ends, outside of words and atoms."""
        text, (start, end) = self.chunks[self._chunk(after)].text, self.chars[after]
        seam = _seam(text, start, self.chars[before][1] - shift, end)
        self.chars[after][0] = end - len(text[seam:end].lstrip())
        self.chars[before][1] = len(text[:seam].rstrip()) + shift

    def link_neighbours(self, stretch: Stretch) -> None:
        """Link the last unit of a chunk to the first of the next if that goes on with it or limits it."""
        before, after = self.first[stretch.first + 1] - 1, self.first[stretch.second]
        if before < self.first[stretch.first] or after == self.first[stretch.second + 1]:
            return
        prose = self.kinds[before] in CUTTABLE and self.kinds[after] == "sentence"
        if not prose or self.chars[before][1] != stretch.start:
            return
        head, tail = self.text(before), self.text(after)
        new = tail[0].isupper() and (self.kinds[before] == "item" or _is_ended(head))
        if not new and _is_one_sentence(head, " " * -stretch.length, tail):
            self.link(before, after)
        elif self.parent[after] < 0 and _limits(tail) and self.link(before, after):
            self.kinds[after] = LIMIT

    def link_bounded(self) -> Iterator[tuple[int, int]]:
        """Yield the second and the first unit of each link of sentences that are not overlong."""
        for start in [unit for unit in self.after if unit not in self.before]:
            run = [start]
            while run[-1] in self.after:
                run.append(self.after[run[-1]])
            if sum(self.chars[unit][1] - self.chars[unit][0] for unit in run) <= MOST_JOINED:
                yield from zip(run[1:], run[:-1], strict=True)


def find_stretches(chunks: Sequence[Chunk]) -> list[Stretch]:
    """Find what chunks share: by their offsets in one source, else where one ends as another begins.

    Parameters
    ----------
    chunks
        Those of a call.

    Returns
    -------
    list of Stretch
        In an order that does not depend on that of the chunks; neighbours in a source that share nothing come
        with a length that is not positive.

    Examples
    --------
    >>> find_stretches([Chunk("at most one hundred words"), Chunk("It says at most one hundred words")])
    [Stretch(first=1, second=0, start=8, shift=8, length=25)]
    """
    inner = [_inner(chunk.text) for chunk in chunks]
    found, members = _copies(chunks, inner)
    if len(members) > 1:
        by_offset, refuted = _by_offset(chunks, inner, members)
        found += by_offset
        if refuted or not _one_source(chunks):
            found += _by_text(chunks, inner, members, refuted)
    return sorted(found, key=lambda s: (chunks[s.first].text, chunks[s.second].text, s.length))


def _inner(text: str) -> tuple[int, int]:
    """Character range of a text without the blanks around it."""
    start = len(text) - len(text.lstrip())
    return start, max(start, len(text.rstrip()))


def _copies(chunks: Sequence[Chunk], inner: Sequence[Range]) -> tuple[list[Stretch], list[int]]:
    """Return a stretch for each further chunk of the same text, and the other chunks, blank ones left out."""
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for i, (chunk, (start, end)) in enumerate(zip(chunks, inner, strict=True)):
        if start < end:
            groups.setdefault((chunk.text, chunk.headings), []).append(i)
    copies = []
    for group in groups.values():
        if len(group) > 1:
            group.sort(key=lambda i: (chunks[i].source or "", chunks[i].start or 0))
        start, end = inner[group[0]]
        copies += [Stretch(i, group[0], start, 0, end - start) for i in group[1:]]
    return copies, [group[0] for group in groups.values()]


def _by_offset(
    chunks: Sequence[Chunk], inner: Sequence[Range], members: Sequence[int]
) -> tuple[list[Stretch], set[Range]]:
    """Return what chunks of one source share or where they adjoin, and the pairs whose texts gainsay it."""
    found, refuted = [], set()
    placed: dict[str, list[tuple[int, str, int, int]]] = {}
    for i in members:
        source, start = chunks[i].source, chunks[i].start
        if source is not None and start is not None:
            placed.setdefault(source, []).append((start + inner[i][0], chunks[i].text, start, i))
    for group in placed.values():
        group.sort()
        for place, (_, text, start, i) in enumerate(group):
            end = start + inner[i][1]
            for begin, other, second, j in group[place + 1 : place + 1 + NEIGHBOURS]:
                length, at, shift = min(end, second + inner[j][1]) - begin, begin - start, second - start
                if begin > end + BLANKS:
                    break
                if length <= 0:
                    found.append(Stretch(i, j, end - start, shift, end - begin))
                elif text[at : at + length] == other[at - shift : at - shift + length]:
                    found.append(Stretch(i, j, at, shift, length))
                else:
                    refuted.add((i, j))
    return found, refuted


def _by_text(
    chunks: Sequence[Chunk], inner: Sequence[Range], members: Sequence[int], refuted: set[Range]
) -> Iterator[Stretch]:
    """Yield the longest end of each chunk that another begins with, for pairs that offsets do not decide."""
    heads: dict[str, list[int]] = {}
    for i in sorted(members, key=lambda i: chunks[i].text):
        head = chunks[i].text[inner[i][0] : inner[i][1]][:LEAST]
        if len(head) == LEAST and sum(map(str.isalnum, head)) >= LETTERS:
            heads.setdefault(head, []).append(i)
    tails = [chunks[i].text[max(inner[i][0], inner[i][1] - REACH) : inner[i][1]] for i in members]
    tried: dict[int, int] = {}
    done: set[Range] = set()
    for place, at in _occurrences(list(heads), tails):
        i, tail = members[place], tails[place][at:]
        for j in heads.get(tail[:LEAST], ())[:NEIGHBOURS]:
            if i == j or (i, j) in done or tried.get(i, 0) >= TRIES or _decided(chunks, i, j, refuted):
                continue
            tried[i] = tried.get(i, 0) + 1
            start = inner[i][1] - len(tail)
            if chunks[j].text.startswith(tail, inner[j][0]) and chunks[i].headings == chunks[j].headings:
                done.add((i, j))
                yield Stretch(i, j, start, start - inner[j][0], len(tail))


def _one_source(chunks: Sequence[Chunk]) -> bool:
    source = chunks[0].source
    return source is not None and all(c.source == source and c.start is not None for c in chunks)


def _decided(chunks: Sequence[Chunk], i: int, j: int, refuted: set[Range]) -> bool:
    """Tell whether offsets say what two chunks share."""
    one, two = chunks[i], chunks[j]
    known = None not in (one.source, one.start, two.start) and one.source == two.source
    return known and (i, j) not in refuted and (j, i) not in refuted


def _occurrences(heads: Sequence[str], texts: Sequence[str]) -> list[Range]:
    """Return where in each text one of ``heads``, of `LEAST` characters, may begin, in order."""
    limits = [0, *accumulate(map(len, texts))]
    if len(heads) < 1 or limits[-1] < LEAST:
        return []
    known = np.zeros(2**BITS, np.bool_)
    known[_hashes("".join(heads))[::LEAST]] = True
    places = np.flatnonzero(known[_hashes("".join(texts))]).tolist()
    found = [(bisect_right(limits, at) - 1, at) for at in places]
    return [(text, at - limits[text]) for text, at in found if at + LEAST <= limits[text + 1]]


def _hashes(text: str) -> IntArray:
    """Return a hash of `BITS` bits of each run of `LEAST` characters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    two = codes[:-1] * FACTORS[0] + codes[1:]
    four = two[:-2] * FACTORS[1] + two[2:]
    eight = four[:-4] * FACTORS[2] + four[4:]
    sixteen = eight[:-8] * FACTORS[3] + eight[8:]
    found: IntArray = ((sixteen[:-4] * FACTORS[4] + four[16:]) >> np.uint32(32 - BITS)).astype(np.int64)
    return found


def _limits(sentence: str) -> bool:
    """Return whether a sentence is an exception to the one before."""
    found = find_limit(sentence)
    return found is not None and found.strict and not found.number


def _is_ended(sentence: str) -> bool:
    return sentence.rstrip(CLOSERS).endswith(ENDS)


def _is_one_sentence(head: str, gap: str, tail: str) -> bool:
    if head[-1].isascii() and not _is_ended(head):
        return True
    whole = head + gap + tail
    found = split_sentences(whole, 0, len(whole), guess_language(whole))
    return any(start < len(head) < end for start, end in found)


def _seam(text: str, start: int, at: int, end: int) -> int:
    """Move ``at`` back to where the word or atom around it begins, if that lies behind ``start``."""
    around = [a for a, b in atoms(text, start, end) if a < at < b]
    if text[at - 1].isalnum() and text[at].isalnum():
        around.append(max(text.rfind(blank, start, at) for blank in " \n\t") + 1)
    return min((a for a in around if a > start), default=at)
