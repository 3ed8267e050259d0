"""Resolve ``strategy=`` to a strategy and to the encoder whose vectors it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias

from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.strategy.base import Strategy

Preset: TypeAlias = Callable[[Encoder], tuple[Encoder, Strategy]]


def _preset(module: str, name: str) -> Preset:
    """Return a function that imports the strategy's module and makes the strategy."""
    return lambda encoder: (encoder, getattr(import_module(f"semtoken_rag.{module}"), name)())


def _cascade(encoder: Encoder) -> tuple[Encoder, Strategy]:
    from semtoken_rag.strategy.cascade import CascadeStrategy

    return resolve_encoder("static"), CascadeStrategy(encoder)


STRATEGIES: Mapping[str, Preset] = {
    "semtoken": _preset("strategy.default", "SemTokenStrategy"),
    "cascade": _cascade,
    "guarded": _preset("strategy.guarded", "GuardedStrategy"),
    "lead": _preset("strategy.lead", "LeadStrategy"),
}

# The paper's algorithm and its baselines: for comparison only, so neither error messages nor the playground
# offer them.
PAPER_STRATEGIES: Mapping[str, Preset] = {
    "paper": _preset("paper.algorithm1", "PaperStrategy"),
    "bpe": _preset("strategy.lead", "LeadStrategy"),
    "bpe-chunk": _preset("paper.baselines.chunked", "ChunkedStrategy"),
    "entropy-pruned": _preset("paper.baselines.entropy", "EntropyStrategy"),
    "vq-tok": _preset("paper.baselines.vq", "VQStrategy"),
    "tofu-tok": _preset("paper.baselines.tofu", "TofuStrategy"),
}


def resolve_strategy(strategy: Any, encoder: Encoder) -> tuple[Encoder, Strategy]:
    """Return the strategy that ``strategy`` names, or the object itself, and the encoder of the first pass.

    Parameters
    ----------
    strategy
        A name of `STRATEGIES` or `PAPER_STRATEGIES`, or any callable from a `Problem` to a `Selection`.
    encoder
        The encoder of the call.

    Returns
    -------
    tuple of Encoder and Strategy
        The encoder is the one given, unless the strategy starts with a cheaper one, as ``"cascade"`` does.

    Raises
    ------
    ValueError
        If ``strategy`` is neither a name nor callable.
    """
    if isinstance(strategy, str) and (preset := STRATEGIES.get(strategy) or PAPER_STRATEGIES.get(strategy)):
        return preset(encoder)
    if callable(strategy):
        return encoder, strategy
    raise ValueError(f"strategy must be one of {sorted(STRATEGIES)} or a Strategy, got {strategy!r:.80}")
