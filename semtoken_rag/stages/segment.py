"""Units: the sentences, rows, items, entries and lines that are kept or dropped, and what each hangs on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semtoken_rag.stages.overlap import find_shared
from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.segment import MAX_UNIT, Segmenter, segment
from semtoken_rag.types import Chunk, IntArray, Tokens, Units

__all__ = ["MAX_UNIT", "Segment", "Segmenter", "build_units", "segment", "token_ranges"]


def build_units(
    chunks: Sequence[Chunk], tokens: Tokens, segments: Sequence[Sequence[Segment]] | None = None
) -> Units:
    """Make the units of a call: the segments of all its chunks, the tokens of each, and what they share.

    Parameters
    ----------
    chunks
        The chunks that ``tokens`` was made of, in the same order.
    tokens
        Their fingerprints.
    segments
        Segments of each chunk; None cuts the texts with `segment`.

    Returns
    -------
    Units
        All units of the call, in the order of the chunks.
    """
    if segments is None:
        segments = [segment(chunk.text) for chunk in chunks]
    counts = [len(s) for s in segments]
    first_unit = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    flat = [s for group in segments for s in group]
    chars = np.array([(s.start, s.end) for s in flat], np.int64).reshape(-1, 2)
    chunk = np.repeat(np.arange(len(chunks)), counts)
    parent = np.array([s.parent for s in flat], np.int64)
    parent = np.where(parent >= 0, parent + first_unit[chunk], -1) if len(flat) else parent
    kinds = tuple(s.kind for s in flat)
    shared = find_shared(chunks, chunk, chars, parent, kinds)
    if shared is None:
        return Units(chars, token_ranges(chunks, tokens, chars, chunk), chunk, parent, kinds)
    own = token_ranges(chunks, tokens, shared.chars, chunk)
    return Units(shared.chars, own, chunk, parent, shared.kinds, shared.twin, shared.continues)


def token_ranges(chunks: Sequence[Chunk], tokens: Tokens, chars: IntArray, chunk: IntArray) -> IntArray:
    """Return which tokens lie in each character range.

    Parameters
    ----------
    chunks
        Chunks of the call.
    tokens
        Their fingerprints.
    chars
        Character ranges, (m, 2).
    chunk
        Number of the chunk of each range, (m,).

    Returns
    -------
    IntArray
        Ranges of rows of ``tokens``, (m, 2).
    """
    # A position in all chunks at once: texts laid end to end, so that one search serves every chunk.
    base = np.concatenate([[0], np.cumsum([len(c.text) + 1 for c in chunks])[:-1]]).astype(np.int64)
    start = tokens.offsets[:, 0] + base[tokens.chunk]
    found: IntArray = np.searchsorted(start, chars + base[chunk][:, None], side="left").reshape(-1, 2)
    return found
