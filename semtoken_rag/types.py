"""The data that flows between the stages: frozen structs of arrays, without behaviour beyond own views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

# Kinds of units that say nothing by themselves: they name or limit the units that hang on them.
HEADS = frozenset({"heading", "lead", "caption", "header", "key", "speaker", "signature", "stamp"})
LIMIT = "limit"  # kind of a unit without which the one that it hangs on would say too much


class Granularity(IntEnum):
    """How much of a unit is passed on (the paper's g_i, section 3.2)."""

    DROPPED = 0
    COARSE = 1
    FINE = 2


@dataclass(frozen=True, slots=True)
class Chunk:
    """One retrieved passage. The text is never edited and the caller's object never mutated.

    Parameters
    ----------
    text
        The passage, any string.
    id
        Name of the passage in citations; where it is None, its position in the call, with ``#`` in front if
        another passage has that as its id.
    title
        Heading of the document it comes from: context for the encoder and a sign of what the passage is
        about.
    score
        The retriever's score, higher = better; None if there is none. It is carried along and does not
        change what is kept, since it was measured to cost answers.
    metadata
        Carried along untouched.
    headings
        Headings that the passage stands under in its document, the highest first. Those that its text lacks
        are shown in front of what is kept of it.
    overhead
        Tokens of the reader that passing the chunk on costs besides its text: a separator, a source line,
        metadata that the prompt shows. They count in the budget.
    source
        Name of the document that the passage was cut from, the same for all its passages; None if unknown.
    start
        First character of the passage in that document; None if unknown. What two passages of a source share
        is then passed on once; without it, what one ends and the other begins with.
    fingerprint
        What `SemToken.fingerprints` returned for the passage, as bytes or as base64 text, so that it need not
        be encoded again. One that is damaged, or of another text, title or encoder, is computed anew: it
        changes no result. None if there is none.
    """

    text: str
    id: str | None = None
    title: str = ""
    score: float | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    overhead: int = 0
    source: str | None = None
    start: int | None = None
    fingerprint: bytes | str | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("text", "title"):
            if not isinstance(value := getattr(self, name), str):
                raise ValueError(f"Chunk.{name} must be a str, got {type(value).__name__}: {value!r:.80}")
        if not isinstance(self.overhead, int) or self.overhead < 0:
            raise ValueError(f"Chunk.overhead must be an int of at least 0, got {self.overhead!r:.80}")
        if self.source is not None and not isinstance(self.source, str):
            raise ValueError(f"Chunk.source must be a str or None, got {self.source!r:.80}")
        if self.start is not None and (not isinstance(self.start, int) or self.start < 0):
            raise ValueError(f"Chunk.start must be an int of at least 0 or None, got {self.start!r:.80}")
        if self.fingerprint is not None and not isinstance(self.fingerprint, bytes | str):
            raise ValueError(f"Chunk.fingerprint must be bytes, str or None, got {self.fingerprint!r:.80}")

    @property
    def context(self) -> str:
        """Title and headings: what the encoder sees in front of the text."""
        return " > ".join(part for part in (self.title, *self.headings) if part.strip())


@dataclass(frozen=True, slots=True)
class Encoding:
    """Fingerprints of one text (the paper's h_i, section 3.2).

    Attributes
    ----------
    ids : (n,) int
        Token ids of the encoder's tokenizer, special tokens dropped.
    offsets : (n, 2) int
        Character range of each token: ``text[start:end]``.
    vectors : (n, d) float32
        Contextual vector of each token, unit length.
    title_ids : (t,) int
    title_vectors : (t, d) float32
        The same for the title that stood in front of the text as context.
    """

    ids: IntArray
    offsets: IntArray
    vectors: FloatArray
    title_ids: IntArray
    title_vectors: FloatArray


@dataclass(frozen=True, slots=True)
class Tokens:
    """The fingerprints of all chunks of a call, one chunk after the other.

    Attributes
    ----------
    ids, offsets, vectors : (n,), (n, 2), (n, d)
        As in `Encoding`; offsets count from the start of the token's own chunk.
    chunk : (n,) int
        Chunk of each token.
    title_ids, title_vectors, title_chunk : (t,), (t, d), (t,)
        The titles' tokens and the chunk that each belongs to.
    """

    ids: IntArray
    offsets: IntArray
    vectors: FloatArray
    chunk: IntArray
    title_ids: IntArray
    title_vectors: FloatArray
    title_chunk: IntArray

    @classmethod
    def concatenate(cls, encodings: Sequence[Encoding]) -> Tokens:
        """Lay the encodings of a call's chunks one after the other; at least one is needed."""
        position = np.arange(len(encodings))
        return cls(
            ids=np.concatenate([e.ids for e in encodings]),
            offsets=np.concatenate([e.offsets for e in encodings]),
            vectors=_joined([e.vectors for e in encodings]),
            chunk=np.repeat(position, [len(e.ids) for e in encodings]),
            title_ids=np.concatenate([e.title_ids for e in encodings]),
            title_vectors=_joined([e.title_vectors for e in encodings]),
            title_chunk=np.repeat(position, [len(e.title_ids) for e in encodings]),
        )


def _joined(parts: Sequence[FloatArray]) -> FloatArray:
    """Concatenate rows, without a copy where they lie end to end in one array already."""
    parts = [part for part in parts if len(part)] or parts[:1]  # an empty part lies nowhere
    whole = parts[0].base
    lengths = np.cumsum([0, *(part.nbytes for part in parts)])
    places = [part.__array_interface__["data"][0] for part in parts]
    if (
        not isinstance(whole, np.ndarray)
        or not whole.size
        or (whole.dtype, whole.shape[1:]) != (parts[0].dtype, parts[0].shape[1:])
        or any(part.base is not whole or not part.flags.c_contiguous for part in parts)
        or (np.array(places) - places[0] != lengths[:-1]).any()
    ):
        return np.concatenate(parts)
    first = (places[0] - whole.__array_interface__["data"][0]) // whole.strides[0]
    found: FloatArray = whole[first : first + sum(map(len, parts))]
    return found


@dataclass(frozen=True, slots=True)
class Units:
    """What is selected: sentences, table rows, list items, code blocks, JSON entries.

    Attributes
    ----------
    chars : (m, 2) int
        Character range in the chunk's text, without surrounding blanks.
    tokens : (m, 2) int
        Range in `Tokens`; empty where the encoder saw no token.
    chunk : (m,) int
        Chunk of each unit; units of a chunk are adjacent and in source order.
    parent : (m,) int
        Index of the unit that this one hangs on and is never kept without, -1 for none: its lead-in, header,
        heading, speaker. It stands before this one, in the same chunk, and may hang on another in turn.
    kinds : tuple of str, length m
        One of `HEADS`, or ``sentence``, ``item``, ``row``, ``entry``, ``line`` or ``code``; ``limit`` for one
        that its parent is not kept without; ``run`` if a strategy cut by tokens.
    twin : (m,) int or None
        Unit of another chunk that holds the same characters of the source, and perhaps more, and to which
        this one is left: it is never chosen itself. -1 for none; None if no unit has one.
    continues : (m,) int or None
        Unit of another chunk whose sentence, cut by a splitter, this one goes on with or limits: both are
        kept whole, or neither. -1 for none; None if no unit has one.
    """

    chars: IntArray
    tokens: IntArray
    chunk: IntArray
    parent: IntArray
    kinds: tuple[str, ...]
    twin: IntArray | None = None
    continues: IntArray | None = None

    def __len__(self) -> int:
        return len(self.chunk)

    @property
    def is_head(self) -> BoolArray:
        """Which units are of `HEADS`, and never kept without a unit that hangs on them: (m,)."""
        return np.array([kind in HEADS for kind in self.kinds], np.bool_)

    @property
    def is_left(self) -> BoolArray:
        """Which units are left to their `twin`: (m,)."""
        return np.zeros(len(self), np.bool_) if self.twin is None else self.twin >= 0

    def links(self) -> dict[int, list[int]]:
        """Return, of each unit that is not kept without others besides its parents, these others.

        The units before and behind it in a sentence that was cut, and those that limit it or its twin.
        """
        found: dict[int, list[int]] = {}
        if self.continues is not None:
            for unit in np.flatnonzero(self.continues >= 0).tolist():
                before = int(self.continues[unit])
                found.setdefault(unit, []).append(before)
                found.setdefault(before, []).append(unit)
        for unit in [i for i, kind in enumerate(self.kinds) if kind == LIMIT]:
            if (limited := int(self.parent[unit])) >= 0:
                found.setdefault(limited, []).append(unit)
                if self.twin is not None and self.twin[limited] >= 0:
                    found.setdefault(int(self.twin[limited]), []).append(unit)
        return found

    def ancestors(self, unit: int) -> list[int]:
        """Return what ``unit`` hangs on, the nearest first."""
        found = []
        while (unit := int(self.parent[unit])) >= 0:
            found.append(unit)
        return found


@dataclass(frozen=True, slots=True)
class Query:
    """The question: its text and its fingerprints."""

    text: str
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class Selection:
    """What a strategy decided.

    Attributes
    ----------
    granularity : (m,) int
        `Granularity` of each unit.
    order : (k,) int
        The kept units in the order of choice, best first.
    chars : (m, 2) int
        Character range that is passed on of each unit; the whole unit where it is FINE.
    scores : dict of (m,) float
        Scores of each unit by name, higher = keep; ``score`` is the one that decided.
    reasons : dict of int to str
        Why a unit was kept, where there is more to say than its score.
    units
        What the other fields speak of; None for the units that the strategy was given.
    bridged_from : dict of int to int
        The kept unit to which a kept unit owes its gain, where it owes one.
    cost_exponent
        Units came by score - cost_exponent * log(cost), see `select`.
    steps : (s,) int
        Lengths of ``order`` at which the selection could have ended, rising; None for any.
    """

    granularity: IntArray
    order: IntArray
    chars: IntArray
    scores: Mapping[str, FloatArray]
    reasons: Mapping[int, str] = field(default_factory=dict)
    units: Units | None = None
    bridged_from: Mapping[int, int] = field(default_factory=dict)
    cost_exponent: float = 0.0
    steps: IntArray | None = None
