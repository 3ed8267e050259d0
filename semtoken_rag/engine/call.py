"""The input of one call, and the setup that it runs with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from semtoken_rag.budget import Budget, TokenCounter
from semtoken_rag.config import Config
from semtoken_rag.deadline import check
from semtoken_rag.fingerprints.compute import Fingerprinter
from semtoken_rag.stages.calibration import Calibration
from semtoken_rag.strategy.base import Strategy
from semtoken_rag.text.markers import sanitise
from semtoken_rag.types import Chunk

if TYPE_CHECKING:
    from semtoken_rag.fingerprints.stored import StoredFingerprinter


@dataclass(frozen=True, slots=True)
class Setup:
    """What stays the same from call to call.

    Attributes
    ----------
    fingerprinter
        Computes fingerprints, or reads them from a store.
    strategy
        Decides which units are kept.
    counter
        Counts the reader's tokens.
    config
        The other settings.
    calibration
        Turns the strategy's scores into chances; None gives none.
    """

    fingerprinter: Fingerprinter | StoredFingerprinter
    strategy: Strategy
    counter: TokenCounter
    config: Config
    calibration: Calibration | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of `SemToken.compress`.

    Attributes
    ----------
    setup
        What the call runs with.
    chunks, query, bound
        The input; an empty ``query`` is none.
    fallback
        Why the call does not run with its own setup; None if it does.
    """

    setup: Setup
    chunks: Sequence[Chunk]
    query: str
    bound: Budget
    fallback: str | None = None

    @property
    def counts_encoded(self) -> bool:
        """Whether the tokens that the encoder returns are the tokens that the budget counts."""
        return self.setup.counter.is_estimate and self.fallback is None

    @property
    def asks_for_an_answer(self) -> bool:
        """Whether the call has to say how likely the chunks answer the question, even if all of them fit."""
        return bool(self.query and self.chunks) and self.setup.config.min_relevance is not None

    def count(self, text: str) -> int:
        """Return the number of the reader's tokens in ``text``, unless the call's time is up."""
        check()
        return self.setup.counter.count(text)

    def count_all(self, texts: Sequence[str]) -> list[int]:
        """Return the number of the reader's tokens in each text, unless the call's time is up."""
        if self.setup.counter.many is None:
            return [self.count(text) for text in texts]
        check()
        return self.setup.counter.count_all(texts)

    def shown(self, text: str) -> str:
        """Return ``text`` as it is passed on: with its markers made harmless if the settings ask for it."""
        return sanitise(text) if self.setup.config.sanitise_markers else text

    def fall_back(self, reason: str, setup: Setup | None = None) -> Call:
        """Return the call with another setup, flagged with the reason."""
        return replace(self, setup=setup or self.setup, fallback=reason)
