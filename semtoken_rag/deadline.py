"""How long a call may take: what a long piece of work asks between its steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


class Refused(Exception):
    """No full answer is given: there is no time, no place or no thread for it."""


class DeadlineExceeded(Refused, TimeoutError):
    """A call was not ready in time, or nobody waits for it any more."""


class Clock:
    """The time of one call. Its work asks it with `check`; whoever waits for the work may stop it.

    Parameters
    ----------
    seconds
        From now on; None for no end.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self._end = math.inf if seconds is None else time.monotonic() + seconds

    def left(self, *, half: bool = False) -> float | None:
        """Seconds until the end, or until half the time is over, at least 0; None where there is no end."""
        if self.seconds is None:
            return None
        return max(0.0, self._end - time.monotonic() - half * self.seconds / 2)

    def stop(self) -> None:
        """End it now, also in the thread that works: its next `check` raises."""
        self._end = -math.inf

    def over(self) -> bool:
        """Tell whether the time is up."""
        return time.monotonic() >= self._end

    def run(self, work: Callable[[], T]) -> T:
        """Do the work under this clock, unless the time is up."""
        token = _current.set(self)
        try:
            check()
            return work()
        finally:
            _current.reset(token)


_current: ContextVar[Clock | None] = ContextVar("semtoken_clock", default=None)


def check() -> None:
    """Go on only while the call that this is a part of has time; one that has no deadline always has.

    An encoder of your own that works in batches calls it before each one.

    Raises
    ------
    DeadlineExceeded
        Where the time is up, or the call was cancelled.
    """
    clock = _current.get()
    if clock is not None and clock.over():
        raise DeadlineExceeded("the call's time is up")
