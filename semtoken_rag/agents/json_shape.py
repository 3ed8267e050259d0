"""JSON in fewer tokens that is still JSON of the same shape: long arrays and long strings are shortened.

What is kept is copied from the source: numbers keep their notation, strings that are short their escapes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from semtoken_rag.agents.excerpt import ENCODED_CHARS, LONGEST, beginning, excerpt
from semtoken_rag.agents.shortlist import WINDOW, overlap
from semtoken_rag.compressor import SemToken
from semtoken_rag.types import Chunk, IntArray

SHORT = 80  # characters of a value that is kept as it is
DEPTH = 16  # levels that are taken apart; what lies deeper is kept whole or left out
FEW = 4096  # members of which each is looked at; of more, those in the best windows of the text
RANKED, EXCERPTED = 2, 16  # most arrays and strings of a result that the engine looks at
ITEMS = (64, 32, 16, 8, 4, 2, 1, 0)  # most elements of an array, the first that fits
# ... and most fields of an object, which has many only where its keys are data.
LIMITS = (*((items, None) for items in ITEMS), (2, 32), (1, 16), (1, 8), (0, 4), (0, 1))
NAME = "semtoken"  # field with the line that says what was left out
STARTS = NAME[0] + "…\\"  # of keys in JSON that may have the name of a field that is added


class _TooLong(Exception):
    """A form has far more characters than its tokens could be."""


_BLANK = re.compile(r"[ \t\n\r]*")
_COMMA, _COLON = re.compile(r"[ \t\n\r]*,[ \t\n\r]*"), re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_DECODER = json.JSONDecoder(object_pairs_hook=lambda pairs: None)  # finds ends, keeps nothing


def shorten_json(text: str, query: str, *, engine: SemToken, max_tokens: int, note: str) -> str | None:
    """Shorten JSON.

    Parameters
    ----------
    text
        Any text.
    query
        The question, which decides what elements of an array and what parts of a string are kept; without one
        the first are.
    engine
        Chooses, and counts tokens.
    max_tokens
        Most tokens, the note included.
    note
        Becomes a field ``semtoken`` of the outermost object, or the last element of the outermost array.

    Returns
    -------
    str or None
        JSON whose outermost value is of the same type; None if ``text`` is no object or array in JSON, or if
        not even the note fits.
    """
    start = len(text) - len(text.lstrip())
    if not text.startswith(("{", "["), start):
        return None
    shape = _Shape(text, query, engine, max_tokens, note)
    try:
        end = shape.end_of(start)  # reads all of it
    except (ValueError, RecursionError):
        return None
    return shape.render(start) if _BLANK.fullmatch(text, end) else None


@dataclass
class _Shape:
    """One text, with what was found out about it."""

    text: str
    query: str
    engine: SemToken
    max_tokens: int
    note: str
    items: int = 0
    keys: int | None = None
    room: int = 0  # tokens of a long string
    left: int = 0  # characters that the rendering may still take
    long: set[int] = field(default_factory=set)  # where the long strings of the last rendering begin
    _members: dict[int, IntArray] = field(default_factory=dict)
    _ranks: dict[int, list[int]] = field(default_factory=dict)
    _taken: dict[int, set[str]] = field(default_factory=dict)  # those keys of an object

    def render(self, start: int) -> str | None:
        """Return the fullest form that fits."""
        for self.items, self.keys in LIMITS:
            self.room, self.long = 0, set()
            try:
                skeleton = self._count(self._whole(start))
            except _TooLong:
                continue
            if skeleton > self.max_tokens * (0.6 if self.long else 1):
                continue
            strings = max(1, len(self.long))
            left = self.max_tokens - skeleton
            for share in (1.0, 0.8, 0.6, 0.4, 0.2, 0.0):
                self.room = int(left * share / strings) + SHORT // 4 if share else 0
                try:
                    made = self._whole(start)
                except _TooLong:
                    continue
                if self._count(made) <= self.max_tokens:
                    return made
        note = json.dumps(self.note, ensure_ascii=False)
        made = f'{{"{NAME}": {note}}}' if self.text[start] == "{" else f"[{note}]"
        return made if self._count(made) <= self.max_tokens else None

    def end_of(self, start: int) -> int:
        """Return where the value ends that begins at ``start``; raise ValueError if there is none."""
        if self.text[start] in "{[":
            members = self._read(start)
            return _skip(self.text, int(members[-1, 3]) if len(members) else start + 1) + 1
        return _DECODER.raw_decode(self.text, start)[1]

    def _count(self, text: str) -> int:
        return self.engine.counter.count(text)

    def _read(self, start: int) -> IntArray:
        """Return the members of an object or an array: where key and value begin and end, (n, 4)."""
        if start not in self._members:
            places = np.fromiter(_members(self.text, start), np.int64)
            self._members[start] = places.reshape(-1, 4)
        return self._members[start]

    def _whole(self, start: int) -> str:
        """Return the outermost value in the form at hand; raise _TooLong as soon as it cannot fit."""
        self.left = LONGEST * self.max_tokens
        return self._value(start, self.end_of(start), 0)

    def _take(self, text: str) -> str:
        self.left -= len(text)
        if self.left < 0:
            raise _TooLong
        return text

    def _value(self, start: int, end: int, depth: int) -> str:
        kind = self.text[start]
        if kind == '"' and end - start > SHORT:
            return self._take(self._string(start, end))
        if kind not in "{[" or (end - start <= SHORT and depth):
            return self._take(self.text[start:end])
        members = self._read(start) if depth < DEPTH else np.zeros((0, 4), np.int64)
        n, most = len(members), self.items if kind == "[" else self.keys
        kept = range(n) if most is None or n <= most else self._chosen(start, most)
        made = []
        for key, key_end, value, value_end in members[kept].tolist():
            name = self._take(f"{self.text[key:key_end]}: ") if kind == "{" else ""
            made.append(name + self._value(value, value_end, depth + 1))
        if depth == DEPTH:
            made.append(self._marker(kind, "left out", start))
        elif len(kept) < n:
            made.append(self._marker(kind, f"{n - len(kept):,} of {n:,} left out", start))
        if not depth:
            made.append(self._marker(kind, self.note, start, NAME))
        return kind + ", ".join(made) + ("}" if kind == "{" else "]")

    def _marker(self, kind: str, said: str, start: int, name: str = "…") -> str:
        said = json.dumps(said if name == NAME else f"… {said}", ensure_ascii=False)
        if kind == "[":
            return said
        if start not in self._taken:
            keys = self._members[start][:, :2].tolist() if start in self._members else []
            self._taken[start] = {
                json.loads(self.text[key:end]) for key, end in keys if self.text[key + 1] in STARTS
            }
        while name in self._taken[start]:
            name += "_"
        return f'"{name}": {said}'

    def _string(self, start: int, end: int) -> str:
        self.long.add(start)
        said: str = json.loads(self.text[start:end])
        short = said[: SHORT // 2] + "…"
        if self.room > 0:
            short = self._excerpt(said) or short
        lone = re.search("[\ud800-\udfff]", short)  # which no encoding has
        made = json.dumps(short, ensure_ascii=lone is not None)
        return made if len(made) < end - start else self.text[start:end]

    def _excerpt(self, said: str) -> str:
        """Return a part of a string in the room that it has."""
        if self.query and len(self.long) <= EXCERPTED:
            chars = ENCODED_CHARS // len(self.long)
            return excerpt(said, self.query, engine=self.engine, max_tokens=self.room, encoded=chars)
        start = beginning(said, self.engine.counter.count, self.room)
        return start if start == said else f"{start}…"

    def _chosen(self, start: int, most: int) -> list[int]:
        """Return the numbers of the members that are kept, in their order."""
        if start not in self._ranks:
            self._ranks[start] = self._rank(self._read(start)[:, [0, 3]])
        return sorted(self._ranks[start][:most])

    def _rank(self, places: IntArray) -> list[int]:
        """Return the numbers of the members, those first that have most to do with the question."""
        first = list(range(min(len(places), ITEMS[0])))
        if not self.query:
            return first
        near = self._near(places)
        score = overlap((self.text[start:end] for start, end in places[near].tolist()), self.query)
        order = near[np.argsort(-score, kind="stable")]
        if len(self._ranks) < RANKED:
            order = self._ask(order, places)
        return list(dict.fromkeys([*order.tolist(), *first]))

    def _near(self, places: IntArray) -> IntArray:
        """Return the members in the windows of the text that share most words with the question."""
        if len(places) <= FEW:
            return np.arange(len(places))
        heads = np.flatnonzero(np.diff(places[:, 0] // WINDOW, prepend=-1))
        ends = np.append(heads[1:], len(places))
        windows = (self.text[places[a, 0] : places[b - 1, 1]] for a, b in zip(heads, ends, strict=True))
        score = overlap(windows, self.query)
        best = np.argsort(-score, kind="stable")
        few = best[: max(1, int(np.searchsorted(np.cumsum((ends - heads)[best]), FEW)))]
        return np.concatenate([np.arange(heads[i], ends[i]) for i in sorted(few.tolist())])

    def _ask(self, order: IntArray, places: IntArray) -> IntArray:
        """Let the engine rank the first of some members."""
        size = np.cumsum((places[:, 1] - places[:, 0])[order])
        asked = order[: int(np.searchsorted(size, ENCODED_CHARS // RANKED, side="right"))]
        chunks = [Chunk(self.text[start:end]) for start, end in places[asked].tolist()]
        context = self.engine.compress(chunks, self.query, max_tokens=self.max_tokens)
        if not context.units:  # all of it fits
            return order
        score = np.full(len(order), -np.inf)
        for chunk in context.chunks:
            score[chunk.index] = max(piece.score for piece in chunk.pieces)
        rank = np.argsort(np.argsort(-score, kind="stable"))  # fused with that of the shared words
        return order[np.argsort(-1 / (1 + rank) - 1 / (1 + np.arange(len(order))), kind="stable")]


def _members(text: str, start: int) -> Iterator[int]:
    """Yield, for each member of the object or array that begins at ``start``, four places.

    They are where its key begins and ends (of an element, where that begins), and its value.
    """
    close = "}" if text[start] == "{" else "]"
    at = _skip(text, start + 1)
    if text[at] == close:
        return
    while True:
        key = key_end = at
        if close == "}":
            key_end = _DECODER.raw_decode(text, at)[1]
            colon = _COLON.match(text, key_end)
            if text[at] != '"' or colon is None:
                raise ValueError(f"no key at {at}")
            at = colon.end()
        end = _DECODER.raw_decode(text, at)[1]
        yield from (key, key_end, at, end)
        comma = _COMMA.match(text, end)
        if comma is None:
            break
        at = comma.end()
    if text[_skip(text, end)] != close:
        raise ValueError(f"no comma at {end}")


def _skip(text: str, at: int) -> int:
    """Return where the next character is that is no blank; raise ValueError at the end of the text."""
    at = _BLANK.match(text, at).end()  # type: ignore[union-attr]  # matches anywhere
    if at == len(text):
        raise ValueError("the text ends inside a value")
    return at
