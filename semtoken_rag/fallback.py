"""What a call is answered with where its own way fails, takes too long, or has no place."""

from __future__ import annotations

import logging

from semtoken_rag.budget import Counter
from semtoken_rag.call import Call, Setup
from semtoken_rag.config import Config
from semtoken_rag.deadline import DeadlineExceeded, Refused
from semtoken_rag.encoders.static import shipped
from semtoken_rag.fingerprints import Fingerprinter
from semtoken_rag.render import CompressedContext
from semtoken_rag.strategy import SemTokenStrategy

log = logging.getLogger(__name__)


def run_or_cut(call: Call) -> CompressedContext:
    """Run a call; after a failure inside, return the originals cut to the budget."""
    try:
        return call.run()
    except DeadlineExceeded:  # nobody waits any more
        raise
    except Exception as error:
        log.warning("compression failed, the originals are cut to the budget: %s", type(error).__name__)
        return call.cut_originals(f"{type(error).__name__}: {error!s:.200}")


class Spare:
    """Answers without the call's encoder, strategy and store: quickly, and nothing in it waits for others.

    With the static table and the default strategy; where that is the call's encoder already, and so no
    quicker, with the originals cut to the budget.
    """

    def __init__(self, counter: Counter, config: Config) -> None:
        self._static = shipped()
        fingerprinter = Fingerprinter(self._static, config.segmenter)
        self._setup = Setup(fingerprinter, SemTokenStrategy(), counter, config)

    def __call__(self, call: Call, error: Refused) -> CompressedContext:
        """Answer, flagged with the reason."""
        reason = f"{type(error).__name__}: {error}"
        log.info("a spare answer is made: %s", reason)
        if call.setup.fingerprinter.encoder is self._static:
            return call.again(call.setup, reason).cut_originals(reason)
        return run_or_cut(call.again(self._setup, reason))
