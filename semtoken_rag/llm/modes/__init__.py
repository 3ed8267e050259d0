"""The modes of a reader: the compressed context as text, as embeddings, or as a KV cache."""

from __future__ import annotations

from typing import Literal

from semtoken_rag.llm.modes.kv import KV
from semtoken_rag.llm.modes.soft import Soft
from semtoken_rag.llm.modes.text import Text
from semtoken_rag.llm.prepare import Mode

__all__ = ["KV", "MODES", "Mode", "Shorthand", "Soft", "Text", "resolve_mode"]

Shorthand = Literal["text", "soft", "kv"]
MODES: dict[str, type[Text] | type[Soft] | type[KV]] = {each.name: each for each in (Text, Soft, KV)}


def resolve_mode(mode: Mode | str) -> Mode:
    """Return a mode; ``text``, ``soft`` and ``kv`` are shorthands for the defaults.

    >>> resolve_mode("soft")
    Soft(merger=None, positions='packed')

    Raises
    ------
    ValueError
        If it is neither a mode nor one of these words.
    """
    if isinstance(mode, str) and mode in MODES:
        return MODES[mode]()
    if isinstance(mode, str | type) or not isinstance(mode, Mode):
        raise ValueError(f"mode must be one of {tuple(MODES)} or an object such as Text(), got {mode!r:.80}")
    return mode
