"""The result of a call as data: kept slices, chunks, reports of units, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from semtoken_rag.types import Chunk, Granularity

CHANCE = "probability"  # name of the score that is the chance that a unit is wanted


@dataclass(frozen=True, slots=True)
class Piece:
    """A kept slice: ``chunk.text[start:end]``.

    Attributes
    ----------
    start, end
        Character range in the chunk's text.
    granularity
        ``FINE`` for whole units, ``COARSE`` for a part of one.
    score
        The best score in it, higher = keep.
    broken_start, broken_end
        Whether the unit goes on before the slice and behind it.
    probability
        The best chance of a unit in it to be wanted; None where there is none, see `UnitReport.probability`.
    """

    start: int
    end: int
    granularity: Granularity
    score: float
    broken_start: bool = False
    broken_end: bool = False
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class CompressedChunk:
    """What is left of one chunk.

    Attributes
    ----------
    index
        Position of the chunk in the call.
    chunk
        The caller's chunk, unchanged.
    pieces
        Sorted, disjoint slices of its text.
    text
        The pieces joined; the chunk's own text if all of it is kept. `Config.sanitise_markers` may break
        markers in it.
    tokens_before, tokens_after
        Tokens of the reader.
    prefix
        What stands in ``text`` in front of the pieces: the title or headings that the chunk's text lacks.
    name
        Stands for an id that the chunk lacks, see `names_of`; empty for the position.
    """

    index: int
    chunk: Chunk
    pieces: tuple[Piece, ...]
    text: str
    tokens_before: int
    tokens_after: int
    prefix: str = ""
    name: str = ""

    @property
    def id(self) -> str:
        """Name of the chunk in citations: its own id, or its position in the call, see `names_of`."""
        return self.chunk.id if self.chunk.id is not None else self.name or str(self.index)


def names_of(chunks: Sequence[Chunk]) -> list[str]:
    """Return the names of the chunks in citations: no chunk without an id gets the id of another.

    Parameters
    ----------
    chunks
        All chunks of the call.

    Returns
    -------
    list of str
        Each chunk's id, or its position, behind as many ``#`` as no given id has.

    Examples
    --------
    >>> names_of([Chunk("One."), Chunk("Two.", id="0"), Chunk("Three.")])
    ['#0', '0', '2']
    """
    given = {str(chunk.id) for chunk in chunks if chunk.id is not None}
    names = []
    for position, chunk in enumerate(chunks):
        name = str(position)
        while name in given:
            name = f"#{name}"
        names.append(name if chunk.id is None else chunk.id)
    return names


@dataclass(frozen=True, slots=True)
class UnitReport:
    """One unit of the input: where it is, its scores, what was decided, and why.

    Attributes
    ----------
    chunk
        Position of its chunk in the call.
    start, end
        Character range in the chunk's text.
    kind
        As in `semtoken_rag.types.Units`.
    granularity
        What was decided.
    scores
        Scores by name, higher = keep.
    reason
        Why it was decided, if there is more to say than the score; else empty.
    cost
        Tokens of the reader.
    value
        The score less what the unit's length counts against it; units are kept by falling value.
    parent
        Number of the unit that is kept along with this one, -1 for none.
    bridged_from
        Number of the kept unit whose names raised this one, -1 for none.
    twin
        Number of the unit of another chunk that holds the same characters of the source and is judged in
        place of this one, -1 for none.
    """

    chunk: int
    start: int
    end: int
    kind: str
    granularity: Granularity
    scores: Mapping[str, float]
    reason: str = ""
    cost: int = 0
    value: float = 0.0
    parent: int = -1
    bridged_from: int = -1
    twin: int = -1

    @property
    def probability(self) -> float | None:
        """Chance that the unit is wanted; None where there is none, as for a head."""
        return self.scores.get(CHANCE) or None


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a call.

    Attributes
    ----------
    tokens_before, tokens_after
        Tokens of the reader in the input and in the text that is passed on.
    budget
        Tokens of the reader that may be passed on.
    encoder
        Name of the encoder.
    counter
        How tokens were counted, see `semtoken_rag.budget.TokenCounter`.
    seconds
        Seconds by stage.
    fallback
        The failure, or the lack of time or capacity, for which the result is not the encoder's; None if all
        went well.
    stored
        Number of chunks whose fingerprints came from the store.
    markers
        Number of role markers (``role``) and control characters (``control``) in what is passed on, see
        `semtoken_rag.text.markers.count_markers`; without those that do not occur.
    store_failure
        What went wrong with the store, which costs time but changes nothing else; None if nothing did.
    skipped
        Documents that an adapter left out since they hold no text, each with its position, its id and the
        reason.
    keep
        The chance that was asked for; None if none was, or nothing can be promised, as without a question.
    confidence
        Chance that nothing wanted was lost, in [0, 1]; 1 if nothing was left out. None without a question, or
        without a calibration of the encoder, see `semtoken_rag.stages.calibration`.
    cut_by
        What ended the selection: ``keep``, ``max_tokens`` or ``ratio``; None if nothing was left out but
        what is said elsewhere.
    answerable
        Chance that the chunks answer the question at all; None as above.
    abstained
        Whether ``answerable`` is below `Config.min_relevance`. `SemToken.compress` returns its text all the
        same; an adapter returns no documents, or the best alone, and ``confidence`` is that of the text
        before. Never true of a ``fallback``.
    device
        What the encoder runs on, such as ``cpu``, ``cuda:0`` or ``onnx cpu, 2 threads``; None if it does not
        say.
    total_seconds
        Seconds of the whole call, the wait for a thread included, and so more than the sum of ``seconds``.
        Two stats that differ in nothing else are equal.
    """

    tokens_before: int
    tokens_after: int
    budget: int
    encoder: str
    counter: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    fallback: str | None = None
    stored: int = 0
    markers: Mapping[str, int] = field(default_factory=dict)
    store_failure: str | None = None
    skipped: tuple[str, ...] = ()
    keep: float | None = None
    confidence: float | None = None
    cut_by: str | None = None
    answerable: float | None = None
    abstained: bool = False
    device: str | None = None
    total_seconds: float = field(default=0.0, compare=False)

    @property
    def ratio(self) -> float:
        """Share of the tokens that is left, in [0, 1]; 1 for an empty input."""
        return self.tokens_after / self.tokens_before if self.tokens_before else 1.0

    @property
    def saved(self) -> int:
        """Tokens that are not passed on."""
        return self.tokens_before - self.tokens_after

    @property
    def factor(self) -> float | None:
        """How many times fewer tokens are left, 1 for an empty input; None if none are left of some."""
        if not self.tokens_before:
            return 1.0
        return self.tokens_before / self.tokens_after if self.tokens_after else None

    def as_dict(self) -> dict[str, Any]:
        """Return all figures as plain data that JSON can hold: `ratio`, `saved` and `factor` too."""
        return {
            **asdict(self),
            "skipped": list(self.skipped),
            "ratio": self.ratio,
            "saved": self.saved,
            "factor": self.factor,
        }


class ContextView(Protocol):
    """What explanations read of a `CompressedContext`."""

    @property
    def chunks(self) -> Sequence[CompressedChunk]:
        """Chunks of which something is kept."""
        ...

    @property
    def units(self) -> Sequence[UnitReport]:
        """Every unit of the input."""
        ...

    @property
    def stats(self) -> Stats:
        """Figures of the call."""
        ...

    @property
    def source(self) -> Sequence[Chunk]:
        """All chunks of the call."""
        ...

    @property
    def query(self) -> str:
        """The question."""
        ...
