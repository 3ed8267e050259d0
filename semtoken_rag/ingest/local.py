"""Fill a store batch by batch; what it holds already is passed over, so that a killed run can be repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from semtoken_rag.compressor import SemToken
from semtoken_rag.types import Chunk

BATCH = 64  # chunks

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IngestStats:
    """What became of a corpus, or of the part of it that was read so far.

    Attributes
    ----------
    chunks
        Chunks read.
    new
        How many of them the store lacked.
    tokens
        Tokens of the batches that were not in the store as a whole, counted by the encoder, without titles.
    seconds
        Wall time.
    """

    chunks: int = 0
    new: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def plus(self, chunks: int, new: int, tokens: int) -> IngestStats:
        """Return the sum with one more batch."""
        return replace(self, chunks=self.chunks + chunks, new=self.new + new, tokens=self.tokens + tokens)


OnProgress = Callable[[IngestStats], object]


def ingest(
    engine: SemToken,
    chunks: Iterable[str | Chunk],
    *,
    batch_size: int = BATCH,
    on_progress: OnProgress | None = None,
) -> IngestStats:
    """Fill the engine's store with the fingerprints of ``chunks``.

    A call of `SemToken.compress` finds them for a chunk of the same text and the same title. Each batch is
    written before the next one is read, and chunks that the store holds are not encoded again: a run that was
    killed is continued by starting it again.

    Parameters
    ----------
    engine
        Has the encoder and the store.
    chunks
        Read once and never held as a whole, see `open_source`.
    batch_size
        Chunks that are encoded and written together.
    on_progress
        Called with the sum so far after every batch.

    Raises
    ------
    ValueError
        For a bad argument, an engine without a store, and whatever ``chunks`` raises for a bad row.
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
        done = done.plus(len(batch), *annotate(engine, batch))
        done = replace(done, seconds=time.perf_counter() - start)
        if on_progress:
            on_progress(done)
    return done


def annotate(engine: SemToken, batch: Sequence[str | Chunk]) -> tuple[int, int]:
    """Fill the store with one batch; return how many chunks it lacked and, if any, the batch's tokens."""
    new = engine.annotate(batch)
    if not new:  # counting takes longer than finding everything in the store
        return 0, 0
    count = engine.encoder.count
    return new, sum(count(chunk.text if isinstance(chunk, Chunk) else chunk) for chunk in batch)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut items into lists of ``size``, the last of which may be shorter.

    Raises
    ------
    ValueError
        Where ``size`` is less than 1, at the call.

    Examples
    --------
    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    if size < 1:
        raise ValueError(f"batch_size must be at least 1, got {size!r}")
    rest = iter(items)
    return iter(lambda: list(islice(rest, size)), [])
