"""``strategy=`` as the user writes it, resolved to an object, and the encoder whose vectors it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from semtoken_rag.cascade import CascadeStrategy
from semtoken_rag.encoders.auto import resolve
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.strategy import LeadStrategy, SemTokenStrategy, Strategy


def _cascade(encoder: Encoder) -> tuple[Encoder, Strategy]:
    return resolve("static"), CascadeStrategy(encoder)


STRATEGIES: Mapping[str, Callable[[Encoder], tuple[Encoder, Strategy]]] = {
    "semtoken": lambda encoder: (encoder, SemTokenStrategy()),
    "cascade": _cascade,
    "lead": lambda encoder: (encoder, LeadStrategy()),
}


def resolve_strategy(strategy: Any, encoder: Encoder) -> tuple[Encoder, Strategy]:
    """Return the strategy that ``strategy`` names, or the object itself, and the encoder of the first pass.

    Raises
    ------
    ValueError
        Where ``strategy`` is neither a name nor callable.
    """
    if isinstance(strategy, str) and strategy in STRATEGIES:
        return STRATEGIES[strategy](encoder)
    if callable(strategy):
        return encoder, strategy
    raise ValueError(f"strategy must be one of {sorted(STRATEGIES)} or a Strategy, got {strategy!r:.80}")
