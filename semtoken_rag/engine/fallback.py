"""The fallback result: what a call returns if it fails, takes too long or finds no capacity."""

from __future__ import annotations

import logging
from dataclasses import replace

from semtoken_rag.budget import TokenCounter
from semtoken_rag.config import Config
from semtoken_rag.context import CompressedContext
from semtoken_rag.encoders.static import default_static_encoder
from semtoken_rag.engine.call import Call
from semtoken_rag.engine.run import run, truncate
from semtoken_rag.engine.setup import Setup
from semtoken_rag.errors import CallRejected, DeadlineExceeded
from semtoken_rag.fingerprints.compute import Fingerprinter
from semtoken_rag.stages.calibration import find_calibration
from semtoken_rag.strategy.default import SemTokenStrategy

log = logging.getLogger(__name__)


def run_or_truncate(call: Call) -> CompressedContext:
    """Run a call; if it fails inside, return the originals cut to the budget."""
    try:
        return run(call)
    except DeadlineExceeded:  # nobody waits any more
        raise
    except Exception as error:
        log.warning("compression failed, the originals are cut to the budget: %s", type(error).__name__)
        return truncate_anyway(call, f"{type(error).__name__}: {error!s:.200}")


def truncate_anyway(call: Call, reason: str) -> CompressedContext:
    """Cut the originals to the budget; if the token counter fails too, count bytes in its place."""
    try:
        return truncate(call, reason)
    except DeadlineExceeded:
        raise
    except Exception as error:
        log.warning("the token counter failed, bytes are counted in its place: %s", type(error).__name__)
        return truncate(replace(call, setup=replace(call.setup, counter=TokenCounter.of_bytes())), reason)


class FallbackEngine:
    """Compresses without the call's encoder, strategy and store: quickly, and without waiting for anything.

    It uses the static table and the default strategy. If that is the call's encoder already, and so no
    quicker, it returns the originals cut to the budget.

    Parameters
    ----------
    counter
        Token counter of the engine that it stands in for.
    config
        Settings of that engine.
    """

    def __init__(self, counter: TokenCounter, config: Config) -> None:
        self._static = default_static_encoder()
        fingerprinter = Fingerprinter(self._static, config.segmenter)
        calibration = find_calibration(None, self._static.name)
        self._setup = Setup(fingerprinter, SemTokenStrategy(), counter, config, calibration)

    def __call__(self, call: Call, error: CallRejected) -> CompressedContext:
        """Return a result flagged with the reason."""
        reason = f"{type(error).__name__}: {error}"
        log.info("the fallback engine answers: %s", reason)
        if call.setup.fingerprinter.encoder is self._static:
            return truncate_anyway(call, reason)
        return run_or_truncate(call.fall_back(reason, replace(self._setup, config=call.setup.config)))
