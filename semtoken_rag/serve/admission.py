"""How many calls compress and wait at one time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


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
        try:
            await asyncio.wait_for(self._turn.acquire(), self._seconds)
        except asyncio.TimeoutError:  # another class than the built-in one before Python 3.11
            raise Busy(f"no turn within {self._seconds:g} s") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()
