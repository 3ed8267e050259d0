"""The `Encoder` protocol, and the checks of what an encoder returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from semtoken_rag.arrays import unit_length
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import Encoding, IntArray, Query

__all__ = ["Encoder", "encodable", "encode", "encode_call", "is_ordered", "unit_length"]


@runtime_checkable
class Encoder(Protocol):
    """Protocol of an encoder: what can be passed as ``encoder=``.

    An encoder may have three more members. ``fingerprint``, a str, takes the place of ``name`` in the keys of
    a store, if the vectors depend on more than the name says. ``encode_question(question) -> Encoding``
    encodes the question in place of `encode`. ``device`` says what it runs on, for the stats.
    `semtoken_rag.testing.check_encoder` checks an encoder of your own.

    Attributes
    ----------
    name
        Name of the vectors: two encoders with the same name return the same vectors for the same text.
    """

    name: str

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode all texts of a call in one batched pass.

        Parameters
        ----------
        texts
            Any strings, also empty ones and ones with lone surrogates (see `encodable`). The sequence may be
            empty.
        titles
            As many as ``texts``. A title is context in front of its text; it may be empty.

        Returns
        -------
        list of Encoding
            One for each text, in order. With n tokens in the text, t in its title and d dimensions:

            - ``ids`` (n,) int: token ids, without special tokens.
            - ``offsets`` (n, 2) int: character range of each token, ``0 <= start <= end <= len(text)``.
              Starts and ends never decrease from one token to the next; two tokens may share characters.
            - ``vectors`` (n, d) float32: finite, of unit length (or zero, for a token that is similar to
              none), and the same whatever else is in the call.
            - ``title_ids`` (t,) int and ``title_vectors`` (t, d) float32: the same for the title.

            d is the same in all encodings of all calls. `semtoken_rag.encoders.base.encode` checks shapes,
            offsets and finiteness.

        Raises
        ------
        Exception
            Any exception makes the call fall back, or reaches the caller under ``on_error="raise"``. An
            encoder that takes long should call `semtoken_rag.deadline.check` between batches and let its
            `DeadlineExceeded` through.
        """
        ...

    def count(self, text: str) -> int:
        """Return the number of tokens of ``text`` in the encoder's own tokenizer, without special tokens."""
        ...


def encode_call(
    encoder: Encoder, texts: Sequence[str], titles: Sequence[str], question: str
) -> tuple[list[Encoding], Query | None]:
    """Encode the texts of a call and its question in one pass.

    Parameters
    ----------
    encoder
        If it has a method ``encode_question``, that encodes the question.
    texts
        The texts.
    titles
        Their titles, see `Encoder.encode`.
    question
        May be empty.

    Returns
    -------
    encodings
        One for each text.
    query
        None if the question has no tokens.
    """
    if not question:
        return encode(encoder, texts, titles), None
    if (ask := getattr(encoder, "encode_question", None)) is None:
        *encodings, last = encode(encoder, [*texts, question], [*titles, ""])
    else:
        encodings, last = encode(encoder, texts, titles), ask(question)
    return encodings, Query(question, last) if len(last.ids) else None


def encode(encoder: Encoder, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
    """Call the encoder, and check what it returns.

    Parameters
    ----------
    encoder
        The encoder.
    texts
        The texts.
    titles
        Their titles, see `Encoder.encode`.

    Returns
    -------
    list of Encoding
        What the encoder returned, unchanged.

    Raises
    ------
    FloatingPointError
        If a vector is not finite.
    ValueError
        If the number of encodings is not that of the texts, if the shapes do not agree (one vector for each
        token, one dimension d for all), or if offsets are out of order or outside the text.
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
        if not is_ordered(e.offsets, len(text)):
            raise ValueError(
                f"the encoder {encoder.name} returned offsets that are not in order in {len(text)} characters"
            )
        if not (np.isfinite(e.vectors).all() and np.isfinite(e.title_vectors).all()):
            raise FloatingPointError(f"the encoder {encoder.name} returned vectors that are not finite")
    return encodings


def is_ordered(offsets: IntArray, size: int) -> bool:
    """Return whether offsets (n, 2) are in order and inside a text of ``size`` characters.

    Tokens may share characters.

    >>> is_ordered(np.array([[0, 3], [4, 6], [4, 6]]), 6), is_ordered(np.array([[4, 6], [0, 3]]), 6)
    (True, False)
    """
    if not len(offsets):
        return True
    within = offsets[0, 0] >= 0 and offsets[-1, 1] <= size
    return bool(within and (offsets[:, 0] <= offsets[:, 1]).all() and (offsets[1:] >= offsets[:-1]).all())
