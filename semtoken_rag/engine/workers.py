"""Daemon worker threads whose callers may give up on a job.

`concurrent.futures` joins its threads at exit, so that a hung job would block it.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from semtoken_rag._internal.forks import renew_in_child

T = TypeVar("T")

IDLE = 10.0  # seconds after which a thread that has nothing to do ends
SPARE = 8  # idle threads that are kept for so long
GRACE = 1.0  # seconds in which an abandoned job may still end by itself: at its next batch
RETRY = 30.0  # seconds after which a job that hangs no longer keeps others from being tried


class Threads:
    """Daemon threads that all pools of a process share: each runs one work after another, of any pool.

    A thread is started if none is idle. It ends when it had nothing to do for `IDLE` seconds, or if `SPARE`
    others are idle already.
    """

    def __init__(self) -> None:
        self._idle = 0
        self._works: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()

    def run(self, work: Callable[[], None]) -> None:
        """Run work, which raises nothing, in one of the threads."""
        with self._changed:
            self._works.append(work)
            if self._idle >= len(self._works):
                self._changed.notify()
                return
        threading.Thread(target=self._serve, name="semtoken", daemon=True).start()

    def _serve(self) -> None:
        while (work := self._next()) is not None:
            work()
            del work  # nothing of a call outlives it

    def _next(self) -> Callable[[], None] | None:
        """Wait for work; return None if the thread is to end."""
        with self._changed:
            if not self._works and self._idle >= SPARE:
                return None
            self._idle += 1
            came = self._changed.wait_for(lambda: self._works, IDLE)
            self._idle -= 1
            return self._works.popleft() if came else None


class WorkerPool(Generic[T]):
    """At most ``size`` of the process's threads at one time, which run jobs in the order given.

    A job that hangs keeps its thread, so that at most ``size`` of them pile up. At the end of the process an
    abandoned job has `GRACE` seconds to come to its next batch: torch aborts a process that ends while one of
    its threads is inside torch.

    Parameters
    ----------
    size
        Threads at most.
    """

    def __init__(self, size: int) -> None:
        self._size, self._threads = size, 0  # threads that run jobs of this pool now
        self._jobs: deque[tuple[Future[T], Callable[[], T]]] = deque()
        self._abandoned: dict[Future[T], float] = {}  # when each was abandoned
        self._lock = threading.Lock()
        _pools.add(self)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Queue a job, which runs in the caller's context."""
        job: Future[T] = Future()
        context = copy_context()
        with self._lock:
            self._jobs.append((job, lambda: context.run(work)))
            starts = self._threads < self._size
            self._threads += starts
        if starts:
            _threads.run(self._serve)
        return job

    def abandon(self, job: Future[T]) -> None:
        """Give up on a job: it does not begin, or goes on until it checks its deadline."""
        if job.cancel() or job.done():
            return
        with self._lock:
            self._abandoned[job] = time.monotonic()
        job.add_done_callback(self._forget)

    def has_hung_job(self) -> bool:
        """Return whether an abandoned job hangs, so that the next might too, or all threads do."""
        now = time.monotonic()
        with self._lock:
            hanging = [age for since in self._abandoned.values() if (age := now - since) > GRACE]
        return len(hanging) >= self._size or any(age < RETRY for age in hanging)

    def join_abandoned(self, timeout: float) -> None:
        """Wait until the abandoned jobs have ended, at most ``timeout`` seconds."""
        with self._lock:
            left = list(self._abandoned)
        wait(left, timeout)

    def _forget(self, job: Future[T]) -> None:
        with self._lock:
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
        """Return the next job; None if there is none, after which the thread is free for other pools."""
        with self._lock:
            if self._jobs:
                return self._jobs.popleft()
            self._threads -= 1
            return None


_threads = Threads()
renew_in_child(sys.modules[__name__], "_threads", Threads)

_pools: WeakSet[WorkerPool[Any]] = WeakSet()
renew_in_child(sys.modules[__name__], "_pools", WeakSet)  # the jobs of the parent's never end here


@atexit.register
def _join_abandoned() -> None:
    end = time.monotonic() + GRACE
    for pool in list(_pools):
        pool.join_abandoned(max(0.0, end - time.monotonic()))
