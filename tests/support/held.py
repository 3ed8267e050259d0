"""An encoder that is held up until the test lets it go on, and a way to wait for what other threads do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from semtoken_rag.deadline import check
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.types import Encoding

PATIENCE = 30.0  # seconds after which a test has failed


class Held:
    """The static encoder, which first waits for ``go``; ``polite`` looks at its clock meanwhile."""

    name = "static:held"  # whose weights are the static ones

    def __init__(self, *, polite: bool = False) -> None:
        self.go, self.polite = threading.Event(), polite
        self.entered = self.finished = 0
        self.threads: set[int] = set()
        self.inner = resolve_encoder("static")

    def encode(self, texts: Sequence[str], titles: Sequence[str]) -> list[Encoding]:
        self.entered += 1
        self.threads.add(threading.get_ident())
        while not self.go.wait(0.01 if self.polite else PATIENCE):
            check()
            assert self.polite, "held for too long"
        made = self.inner.encode(texts, titles)
        self.finished += 1
        return made

    def count(self, text: str) -> int:
        return self.inner.count(text)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.005)
