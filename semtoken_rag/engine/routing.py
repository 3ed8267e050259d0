"""The setup of each call: another one for text that the first encoder cannot read."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import compress
from operator import not_
from typing import TypeVar

from semtoken_rag._internal.forks import renew_in_child
from semtoken_rag.encoders.reading import is_spelled
from semtoken_rag.engine.call import Call
from semtoken_rag.engine.setup import Setup
from semtoken_rag.types import Chunk

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Router:
    """Chooses between the setup of an engine and that of the multilingual encoder.

    Parameters
    ----------
    make
        Makes the other setup, when the first call or document needs it. If it fails, the log says so, and
        the engine's own is taken from then on.
    """

    def __init__(self, make: Callable[[], Setup]) -> None:
        self._make, self._lock = make, threading.Lock()
        renew_in_child(self, "_lock", threading.Lock)
        self._made: Setup | None = None
        self._failed = False

    def __reduce__(self) -> tuple[type[Router], tuple[Callable[[], Setup]]]:
        """Copy and pickle as the function."""
        return type(self), (self._make,)

    def run(self, runs: Callable[[Call], Result], call: Call) -> Result:
        """Run a call with the setup that its text asks for, and the settings of its own."""
        if self.asks(call.query, call.chunks) and (other := self._other()):
            call = replace(call, setup=replace(other, config=call.setup.config))
        return runs(call)

    def groups(self, own: Setup, chunks: Sequence[Chunk]) -> list[tuple[Setup, list[Chunk]]]:
        """Return chunks by the setup that each asks for by itself, that of the engine first."""
        asking = [self.asks("", [chunk]) for chunk in chunks]
        other = self._other() if any(asking) else None
        if other is None:
            return [(own, list(chunks))]
        parts = (
            (setup, list(compress(chunks, which)))
            for setup, which in ((own, map(not_, asking)), (other, asking))
        )
        return [(setup, part) for setup, part in parts if part]

    def asks(self, question: str, chunks: Sequence[Chunk]) -> bool:
        """Return whether a text asks for the other setup."""
        return not self._failed and is_spelled(question, [chunk.text for chunk in chunks])

    def _other(self) -> Setup | None:
        with self._lock:
            if self._made is None and not self._failed:
                try:
                    self._made = self._make()
                except Exception as error:  # a package that cannot be imported, a file that was altered
                    self._failed = True
                    log.warning("encoder auto: the default for every text, since %s", error)
            return self._made
