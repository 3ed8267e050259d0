"""An encoder that remembers: chunks come back question after question, with the same vectors."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.types import Encoding


class Remembered:
    """What an encoder returned, by text and title; everything else is the encoder's own.

    Parameters
    ----------
    encoder
        Asked for what is not known yet.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[tuple[str, str], Encoding] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        """Encode what is not known, and return all; see `Encoder.encode`."""
        asked = list(zip(texts, titles, strict=True))
        if new := [pair for pair in dict.fromkeys(asked) if pair not in self._known]:
            made = self._encoder.encode([text for text, _ in new], [title for _, title in new])
            self._known.update(zip(new, made, strict=True))
        return [self._known[pair] for pair in asked]


@functools.cache
def remembered(name: str) -> Remembered:
    """Return the encoder of a name, which remembers for as long as the process lives."""
    return Remembered(resolve_encoder(name))
