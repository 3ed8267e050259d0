"""What an encoder is: text in, one fingerprint a token out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from semtoken_rag.types import Encoding, FloatArray


@runtime_checkable
class Encoder(Protocol):
    """Structural type of everything that can be passed as ``encoder=``.

    Attributes
    ----------
    name
        Names the vectors: two encoders of one name give the same vectors for the same text.
    """

    name: str

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode each text with its title (may be empty) in front as context, in one batched pass."""
        ...

    def count(self, text: str) -> int:
        """Tokens of ``text`` in the encoder's own tokenizer, without special tokens."""
        ...


def unit_length(vectors: FloatArray) -> FloatArray:
    """Scale the rows of (n, d) to length 1; rows of zeros stay zeros."""
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: FloatArray = np.divide(vectors, norm, out=np.zeros_like(vectors), where=norm > 0)
    return scaled


def encodable(text: str) -> str:
    """``text`` with each lone surrogate replaced by U+FFFD, so that tokenizers take it and offsets stay."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
