"""A training question as the engine sees it: fingerprints, units and terms, and which units are wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semtoken_rag.encoders.base import Encoder, encode_call
from semtoken_rag.stages.asked import Asked
from semtoken_rag.stages.segment import build_units
from semtoken_rag.train.examples import Example
from semtoken_rag.types import Tokens


@dataclass(frozen=True, slots=True)
class Posed:
    """An encoded question on its chunks.

    Attributes
    ----------
    asked
        As the stages take it.
    wanted : (m,) bool
        Which units answer it, with both values in it.
    """

    asked: Asked
    wanted: np.ndarray


def pose(asked: Example, encoder: Encoder) -> Posed | None:
    """Encode a question; None if all or none of its units are wanted, or it has no tokens."""
    texts, titles = [c.text for c in asked.chunks], [c.context for c in asked.chunks]
    encodings, query = encode_call(encoder, texts, titles, asked.question)
    tokens = Tokens.concatenate(encodings)
    units = build_units(asked.chunks, tokens)
    wanted = asked.wanted(units)
    if query is None or not wanted.any() or wanted.all():
        return None
    return Posed(Asked.of(query, asked.chunks, tokens, units), wanted)
