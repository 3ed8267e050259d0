"""What an encoder is: text in, one fingerprint a token out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from semtoken_rag.arrays import unit_length
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import Encoding, IntArray, Query

__all__ = ["Encoder", "encodable", "encode", "encode_call", "ordered", "unit_length"]


@runtime_checkable
class Encoder(Protocol):
    """Structural type of everything that can be passed as ``encoder=``.

    Attributes
    ----------
    name
        Names the vectors: two encoders of one name give the same vectors for the same text. An encoder whose
        vectors depend on more may have an attribute ``fingerprint``, a str, which stores go by.
    """

    name: str

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode each text with its title (may be empty) in front as context, in one batched pass."""
        ...

    def count(self, text: str) -> int:
        """Tokens of ``text`` in the encoder's own tokenizer, without special tokens."""
        ...


def encode_call(
    encoder: Encoder, texts: Sequence[str], titles: Sequence[str], question: str
) -> tuple[list[Encoding], Query | None]:
    """Encode the texts of a call and its question in one pass; None for a question without tokens.

    An encoder with a method ``encode_question(question) -> Encoding`` has its question by that.
    """
    if not question:
        return encode(encoder, texts, titles), None
    if (ask := getattr(encoder, "encode_question", None)) is None:
        *encodings, last = encode(encoder, [*texts, question], [*titles, ""])
    else:
        encodings, last = encode(encoder, texts, titles), ask(question)
    return encodings, Query(question, last) if len(last.ids) else None


def encode(encoder: Encoder, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
    """Encode, and refuse what cannot be fingerprints.

    Raises
    ------
    FloatingPointError
        Where a vector is not finite.
    ValueError
        Where there are not as many encodings as texts, or not one vector a token, all of one length; and
        where offsets are not `ordered`.
    """
    encodings = encoder.encode(texts, titles)
    if len(encodings) != len(texts):
        raise ValueError(f"the encoder {encoder.name} returned {len(encodings)} for {len(texts)} texts")
    for e, text in zip(encodings, texts, strict=True):
        n, t, d = len(e.ids), len(e.title_ids), encodings[0].vectors.shape[-1]
        shapes = e.offsets.shape, e.vectors.shape, e.title_vectors.shape
        if shapes != ((n, 2), (n, d), (t, d)):
            raise ValueError(
                f"the encoder {encoder.name} returned offsets, vectors and title vectors of {shapes} "
                f"for {n} tokens and {t} of the title"
            )
        if not ordered(e.offsets, len(text)):
            raise ValueError(
                f"the encoder {encoder.name} returned offsets that are not in order in {len(text)} characters"
            )
        if not (np.isfinite(e.vectors).all() and np.isfinite(e.title_vectors).all()):
            raise FloatingPointError(f"the encoder {encoder.name} returned vectors that are not finite")
    return encodings


def ordered(offsets: IntArray, size: int) -> bool:
    """Tell whether tokens (n, 2) lie one after the other in a text of ``size``; they may share characters.

    >>> ordered(np.array([[0, 3], [4, 6], [4, 6]]), 6), ordered(np.array([[4, 6], [0, 3]]), 6)
    (True, False)
    """
    if not len(offsets):
        return True
    within = offsets[0, 0] >= 0 and offsets[-1, 1] <= size
    return bool(within and (offsets[:, 0] <= offsets[:, 1]).all() and (offsets[1:] >= offsets[:-1]).all())
