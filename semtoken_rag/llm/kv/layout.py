"""The spans of a prompt with full chunks, and which of its tokens are kept in the KV cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from semtoken_rag.llm.excerpts import Excerpt
from semtoken_rag.llm.kv.plan import PINNED
from semtoken_rag.llm.prompt import Place, Prompt, Tokenized
from semtoken_rag.types import BoolArray, IntArray


class Layout(NamedTuple):
    """What becomes of each token of a prompt.

    Attributes
    ----------
    span : (n,) int
        Number of each token's span, `PINNED` outside the chunks.
    keep : (n,) bool
        True for a token that is kept.
    """

    span: IntArray
    keep: BoolArray


def lay_out(
    prompt: Prompt, tokens: Tokenized, *, excerpts: Sequence[Excerpt], titles: bool, sinks: int = 0
) -> Layout:
    """Find the spans and the kept pieces in the prompt's tokens.

    A token belongs to the span of its last character, and is kept if any of its characters is.

    Parameters
    ----------
    prompt
        A prompt made of the excerpts.
    tokens
        The prompt's tokens, n of them.
    excerpts
        The chunks, one per place of the prompt, see `full_excerpts`.
    titles
        Whether the title of a chunk stays if nothing else of the chunk is kept.
    sinks
        How many of the first tokens stay, whatever they are part of.

    Returns
    -------
    Layout
        Span of each token, and whether it is kept.
    """
    size = len(prompt.text)
    span, keep = np.full(size, PINNED, np.int64), np.ones(size, np.bool_)
    number = 0
    for item, place in zip(excerpts, prompt.places, strict=True):
        number = _mark(span, keep, item, place, number, titles)
    start = np.minimum(tokens.offsets[:, 0], max(size - 1, 0))
    end = np.clip(tokens.offsets[:, 1], start + 1, size)
    sums = np.concatenate([[0], keep.cumsum()])
    pinned = tokens.offsets[:, 0] == tokens.offsets[:, 1]  # special tokens stand for no character
    pinned[:sinks] = True
    kept = (sums[end] > sums[start]) | pinned
    return Layout(np.where(pinned, PINNED, span[end - 1]), kept)


def _mark(span: IntArray, keep: BoolArray, item: Excerpt, place: Place, number: int, titles: bool) -> int:
    """Mark one chunk's characters; return the number of the next span."""
    if not item.kept and not (titles and item.title):
        span[place.start : place.text] = number  # the header leaves with the chunk
        keep[place.start : place.text] = False
        span[place.end : place.next] = number
        keep[place.end : place.next] = False
    span[place.text : place.end] = number
    keep[place.text : place.end] = False
    for start, end in item.units:
        span[place.text + start : place.text + end] = number
        number += 1
    _extend(span[place.text : place.end], item.units)
    for start, end in item.pieces:
        keep[place.text + start : place.text + end] = True
    return max(number, 1) if item.units else number + 1


def _extend(span: IntArray, units: Sequence[tuple[int, int]]) -> None:
    """Extend each unit's span to the start of the next unit."""
    for (_, end), (start, _) in zip(units, [*units[1:], (len(span), 0)], strict=False):
        span[end:start] = span[end - 1]
