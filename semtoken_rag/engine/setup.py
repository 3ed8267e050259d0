"""What an engine runs all its calls with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtoken_rag.budget import TokenCounter
from semtoken_rag.config import Config
from semtoken_rag.encoders.base import Encoder
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.fingerprints.compute import Fingerprinter
from semtoken_rag.stages.calibration import Calibration, find_calibration
from semtoken_rag.stages.segment import Segmenter
from semtoken_rag.strategy.base import Strategy, gives_chances
from semtoken_rag.strategy.registry import resolve_strategy

if TYPE_CHECKING:
    from semtoken_rag.fingerprints.stored import StoredFingerprinter
    from semtoken_rag.store.base import FingerprintStore


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

    def calibrated(self, asked: str) -> Calibration:
        """Return the calibration.

        Parameters
        ----------
        asked
            What needs it, for the message.

        Returns
        -------
        Calibration
            That of the encoder.

        Raises
        ------
        ValueError
            If there is none, or the strategy gives no chances.
        """
        if not gives_chances(self.strategy):
            raise ValueError(
                f"{asked} needs a strategy that gives chances, as 'semtoken' does, got {self.strategy!r:.80}"
            )
        if self.calibration is None:
            name = self.fingerprinter.encoder.name
            raise ValueError(
                f"{asked} needs a calibration of the encoder {name!r}: `semtoken calibrate` makes one"
            )
        return self.calibration


def make_setup(
    strategy: Any,
    token_counter: Any,
    store: FingerprintStore | None,
    segmenter: Segmenter,
    config: Config,
    encoder: Any,
    calibration: str | Path | None,
) -> Setup:
    """Return the setup of an engine.

    Parameters
    ----------
    strategy
        As `SemToken` takes it.
    token_counter
        As `SemToken` takes it.
    store
        Keeps fingerprints between calls; None computes them in every call.
    segmenter
        Cuts chunks into units.
    config
        The other settings.
    encoder
        As `SemToken` takes it.
    calibration
        File of chances, as `Config.calibration`; None: the one that is shipped for the encoder, if any.

    Returns
    -------
    Setup
        With encoder, strategy, counter and calibration resolved.

    Raises
    ------
    ValueError
        If an argument is none of what `SemToken` takes; the message has the value received.
    ImportError
        If the encoder or the strategy needs an extra that is not installed; the message names it.
    """
    encodes, decides = resolve_strategy(strategy, resolve_encoder(encoder, threads=config.threads))
    counter = TokenCounter.of(token_counter, encodes.count)
    known = find_calibration(calibration, encodes.name) if gives_chances(decides) else None
    return Setup(_fingerprinter(encodes, store, segmenter), decides, counter, config, known)


def find_store(store: Any) -> FingerprintStore | None:
    """Return the store that `SemToken` is given; its modules are loaded only if there is one."""
    if store is None:
        return None
    from semtoken_rag.store.registry import resolve_store

    return resolve_store(store)


def _fingerprinter(
    encoder: Encoder, store: FingerprintStore | None, segmenter: Segmenter
) -> Fingerprinter | StoredFingerprinter:
    """Return what computes fingerprints, or reads them from the store."""
    if store is None:
        return Fingerprinter(encoder, segmenter)
    from semtoken_rag.fingerprints.stored import StoredFingerprinter

    return StoredFingerprinter(encoder, store, segmenter)
