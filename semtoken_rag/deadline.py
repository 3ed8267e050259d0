"""The deadline of a call, which its work checks between its steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from semtoken_rag.errors import DeadlineExceeded

__all__ = ["Deadline", "DeadlineExceeded", "check"]

T = TypeVar("T")


class Deadline:
    """The time that one call may take. Its work calls `check`; the caller that waits for it may stop it.

    Parameters
    ----------
    seconds
        From now on; None for any time.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self._end = math.inf if seconds is None else time.monotonic() + seconds

    def left(self, *, half: bool = False) -> float | None:
        """Return the seconds until the end, or until half the time is over, at least 0; None for any time."""
        if self.seconds is None:
            return None
        return max(0.0, self._end - time.monotonic() - half * self.seconds / 2)

    def stop(self) -> None:
        """End it now, also in the thread that works: its next `check` raises."""
        self._end = -math.inf

    def over(self) -> bool:
        """Return whether the time is up."""
        return time.monotonic() >= self._end

    def run(self, work: Callable[[], T]) -> T:
        """Run the work under this deadline, unless the time is up."""
        token = _current.set(self)
        try:
            check()
            return work()
        finally:
            _current.reset(token)


_current: ContextVar[Deadline | None] = ContextVar("semtoken_deadline", default=None)


def check() -> None:
    """Raise if the time of the call that this is a part of is up; a call without a deadline always has time.

    An encoder of your own that works in batches calls it before each one.

    Raises
    ------
    DeadlineExceeded
        If the time is up, or the call was cancelled.
    """
    deadline = _current.get()
    if deadline is not None and deadline.over():
        raise DeadlineExceeded("the call's time is up")
