"""Daemon worker threads whose callers may give up on a job.

`concurrent.futures` joins its threads at exit, so that a hung job would block it.
"""

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
GRACE = 1.0  # seconds in which an abandoned job may still end by itself: at its next batch
RETRY = 30.0  # seconds after which a job that hangs no longer keeps others from being tried


class WorkerPool(Generic[T]):
    """At most ``size`` daemon threads, which run jobs in the order given.

    A job that hangs keeps its thread, so that at most ``size`` of them pile up. At the end of the process an
    abandoned job has `GRACE` seconds to come to its next batch: torch aborts a process that ends while one of
    its threads is inside torch.

    Parameters
    ----------
    size
        Threads at most.
    """

    def __init__(self, size: int) -> None:
        self._size, self._threads, self._idle = size, 0, 0
        self._jobs: deque[tuple[Future[T], Callable[[], T]]] = deque()
        self._abandoned: dict[Future[T], float] = {}  # when each was abandoned
        self._changed = threading.Condition()
        _pools.add(self)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Queue a job, which runs in the caller's context."""
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

    def abandon(self, job: Future[T]) -> None:
        """Give up on a job: it does not begin, or goes on until it checks its deadline."""
        if job.cancel() or job.done():
            return
        with self._changed:
            self._abandoned[job] = time.monotonic()
        job.add_done_callback(self._forget)

    def has_hung_job(self) -> bool:
        """Return whether an abandoned job hangs, so that the next might too, or all threads do."""
        now = time.monotonic()
        with self._changed:
            hanging = [age for since in self._abandoned.values() if (age := now - since) > GRACE]
        return len(hanging) >= self._size or any(age < RETRY for age in hanging)

    def join_abandoned(self, timeout: float) -> None:
        """Wait until the abandoned jobs have ended, at most ``timeout`` seconds."""
        with self._changed:
            left = list(self._abandoned)
        wait(left, timeout)

    def _forget(self, job: Future[T]) -> None:
        with self._changed:
            self._abandoned.pop(job, None)

    def _serve(self) -> None:
        while (taken := self._next()) is not None:
            job, work = taken
            if job.set_running_or_notify_cancel():
                try:
                    job.set_result(work())
                except BaseException as error:  # raised where the result is awaited, as in concurrent.futures
                    job.set_exception(error)
            del taken, job, work  # nothing of a call outlives it

    def _next(self) -> tuple[Future[T], Callable[[], T]] | None:
        """Wait for a job; return None if none comes, after which the thread ends."""
        with self._changed:
            self._idle += 1
            came = self._changed.wait_for(lambda: self._jobs, IDLE)
            self._idle -= 1
            self._threads -= not came
            return self._jobs.popleft() if came else None


_pools: WeakSet[WorkerPool[Any]] = WeakSet()


@atexit.register
def _join_abandoned() -> None:
    end = time.monotonic() + GRACE
    for pool in list(_pools):
        pool.join_abandoned(max(0.0, end - time.monotonic()))
