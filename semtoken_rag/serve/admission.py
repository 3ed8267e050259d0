"""How many calls compress and wait at one time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

RETRY = {"Retry-After": "1"}  # seconds, for who found no room


class Busy(Exception):
    """There is no room for another call."""


class Admission:
    """A bound on the calls of one event loop that run, and on those that wait for their turn.

    Parameters
    ----------
    running
        Calls that may run at one time.
    waiting
        Calls that may wait.
    seconds
        Longest wait.
    """

    def __init__(self, running: int, waiting: int, seconds: float) -> None:
        self._turn = asyncio.Semaphore(running)
        self._waiting, self._most, self._seconds = 0, waiting, seconds

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it inside the block; raise `Busy` if there is none in time."""
        if self._turn.locked() and self._waiting >= self._most:
            raise Busy(f"{self._most} calls wait already")
        self._waiting += 1
        taken = asyncio.ensure_future(self._turn.acquire())
        try:
            try:  # not wait_for, which before Python 3.12 forgets that the caller left as its turn came
                await asyncio.wait({taken}, timeout=self._seconds)
            finally:
                self._waiting -= 1
            if not taken.done():
                raise Busy(f"no turn within {self._seconds:g} s")
            yield
        finally:
            if not taken.cancel():
                self._turn.release()
