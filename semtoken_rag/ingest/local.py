"""Ingestion in this process. It skips what the store holds, so that a killed run can be resumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import islice
from typing import TypeVar

from semtoken_rag.compressor import SemToken
from semtoken_rag.files import Skipped
from semtoken_rag.types import Chunk

BATCH = 64  # chunks

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IngestStats:
    """Counts of an ingestion, so far or at its end.

    Attributes
    ----------
    chunks
        Chunks read.
    new
        Chunks that the store lacked.
    tokens
        Tokens, without titles and counted by the encoder, of the batches of which the store lacked a chunk.
    seconds
        Wall time.
    skipped
        Files that were not read, each with the reason; of a run that is over.
    """

    chunks: int = 0
    new: int = 0
    tokens: int = 0
    seconds: float = 0.0
    skipped: tuple[Skipped, ...] = ()

    def add(self, other: IngestStats) -> IngestStats:
        """Return the sums of both."""
        return IngestStats(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


OnProgress = Callable[[IngestStats], object]


def ingest(
    engine: SemToken,
    chunks: Iterable[str | Chunk],
    *,
    batch_size: int = BATCH,
    on_progress: OnProgress | None = None,
) -> IngestStats:
    """Fill the engine's store with the fingerprints of ``chunks``.

    `SemToken.compress` finds them for a chunk of the same text and the same title. Each batch is written
    before the next one is read, and chunks that the store holds are not encoded again. To resume a run that
    was killed, start it again.

    Parameters
    ----------
    engine
        Its encoder and its store are used.
    chunks
        Read once and never held as a whole; see `open_source`.
    batch_size
        Chunks that are encoded and written together, at least 1.
    on_progress
        Called with the sum so far after every batch.

    Returns
    -------
    IngestStats
        Counts of the whole run.

    Raises
    ------
    ValueError
        If an argument is bad, the engine has no store, or ``chunks`` raises it for a bad row.
    Exception
        Whatever the encoder or the store raises.

    Examples
    --------
    >>> engine = SemToken(encoder="static", store="memory://")
    >>> ingest(engine, ["The tower opened in 1889.", "It rained that day."]).new
    2
    >>> ingest(engine, ["It rained that day.", "Then it snowed."]).new
    1
    """
    start, done = time.perf_counter(), IngestStats()
    for batch in batches(chunks, batch_size):
        done = replace(done.add(annotate(engine, batch)), seconds=time.perf_counter() - start)
        if on_progress:
            on_progress(done)
    return replace(done, skipped=tuple(getattr(chunks, "skipped", ())))


def annotate(engine: SemToken, batch: Sequence[str | Chunk]) -> IngestStats:
    """Store the fingerprints of one batch; return its counts, with 0 seconds."""
    new = engine.annotate(batch)
    if not new:  # counting takes longer than finding everything in the store
        return IngestStats(len(batch))
    count = engine.encoder.count
    tokens = sum(count(chunk.text if isinstance(chunk, Chunk) else chunk) for chunk in batch)
    return IngestStats(len(batch), new, tokens)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut items into lists of equal length; the last one may be shorter.

    Parameters
    ----------
    items
        Read lazily, never further than the list that is asked for.
    size
        Length of a list, at least 1.

    Returns
    -------
    iterator of list
        The lists, in order.

    Raises
    ------
    ValueError
        If ``size`` is less than 1, at the call rather than at the first list.

    Examples
    --------
    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    if size < 1:
        raise ValueError(f"batch_size must be at least 1, got {size!r}")
    rest = iter(items)
    return iter(lambda: list(islice(rest, size)), [])
