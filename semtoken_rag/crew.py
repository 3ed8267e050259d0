"""Threads that work for callers who may not wait for them to the end."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")

IDLE = 10.0  # seconds after which a thread that has nothing to do ends
GRACE = 1.0  # seconds in which a job that was left may still end by itself: at its next batch
RETRY = 30.0  # seconds after which a job that hangs no longer keeps others from being tried


class Crew(Generic[T]):
    """At most ``size`` threads, which do jobs in the order given and never hold up the end of the process.

    A job that hangs keeps its thread, so that no more than ``size`` of them can pile up. At the end of the
    process, a job that was left has its `GRACE` to come to its next batch: torch ends a process that ends
    while a thread is inside of it with an abort.
    """

    def __init__(self, size: int) -> None:
        self._size, self._threads, self._idle = size, 0, 0
        self._jobs: deque[tuple[Future[T], Callable[[], T]]] = deque()
        self._left: dict[Future[T], float] = {}  # when each of them was left
        self._changed = threading.Condition()
        _crews.add(self)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have the work done in the caller's context."""
        job: Future[T] = Future()
        context = copy_context()
        with self._changed:
            self._jobs.append((job, lambda: context.run(work)))
            if self._idle >= len(self._jobs):
                self._changed.notify()
            elif self._threads < self._size:
                threading.Thread(target=self._serve, name="semtoken", daemon=True).start()
                self._threads += 1
        return job

    def leave(self, job: Future[T]) -> None:
        """Wait for a job no longer: it is not begun, or goes on until it looks at its clock."""
        if job.cancel() or job.done():
            return
        with self._changed:
            self._left[job] = time.monotonic()
        job.add_done_callback(self._back)

    def stuck(self) -> bool:
        """Tell whether a job that was left hangs, so that the next might too, or all threads do."""
        now = time.monotonic()
        with self._changed:
            hanging = [age for since in self._left.values() if (age := now - since) > GRACE]
        return len(hanging) >= self._size or any(age < RETRY for age in hanging)

    def settle(self, timeout: float) -> None:
        """Wait until the jobs that were left have ended, at most ``timeout`` seconds."""
        with self._changed:
            left = list(self._left)
        wait(left, timeout)

    def _back(self, job: Future[T]) -> None:
        with self._changed:
            self._left.pop(job, None)

    def _serve(self) -> None:
        while (taken := self._next()) is not None:
            job, work = taken
            if job.set_running_or_notify_cancel():
                try:
                    job.set_result(work())
                except BaseException as error:  # for whoever waits, as in concurrent.futures
                    job.set_exception(error)
            del taken, job, work  # nothing of a call outlives it

    def _next(self) -> tuple[Future[T], Callable[[], T]] | None:
        """Wait for a job; None where none comes, after which the thread is to end."""
        with self._changed:
            self._idle += 1
            came = self._changed.wait_for(lambda: self._jobs, IDLE)
            self._idle -= 1
            self._threads -= not came
            return self._jobs.popleft() if came else None


_crews: WeakSet[Crew[Any]] = WeakSet()


@atexit.register
def _settle() -> None:
    end = time.monotonic() + GRACE
    for crew in list(_crews):
        crew.settle(max(0.0, end - time.monotonic()))
