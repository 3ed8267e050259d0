"""Admission control, deadlines and async execution of calls."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from semtoken_rag.context import CompressedContext
from semtoken_rag.deadline import Deadline
from semtoken_rag.engine.call import Call
from semtoken_rag.engine.workers import WorkerPool
from semtoken_rag.errors import CallRejected, DeadlineExceeded, Overloaded

if TYPE_CHECKING:
    import asyncio

WORKERS = min(32, (os.cpu_count() or 1) + 4)  # as many as asyncio has threads

Run: TypeAlias = Callable[[Call], CompressedContext]
Fallback: TypeAlias = Callable[[Call, CallRejected], CompressedContext]


class Dispatcher:
    """Runs calls within a deadline and a bound on their number.

    Under a deadline a call runs in a worker thread that its caller can abandon. If it has no result when half
    the time is over, the fallback result is made beside it, and returned at the deadline. A call that finds
    no slot gets the fallback result at once.

    Parameters
    ----------
    run
        Makes the result of a call.
    fallback
        Makes a result that is quick and cannot hang, flagged with the reason. None raises the `CallRejected`.
    deadline
        Seconds that a call may take; None for any time.
    max_calls
        Calls that may run or wait at one time; None for any number.
    """

    def __init__(
        self, run: Run, fallback: Fallback | None, deadline: float | None, max_calls: int | None
    ) -> None:
        self._run, self._fallback = run, fallback
        self._deadline, self._max_calls = deadline, max_calls
        self._open()

    def _open(self) -> None:
        self._process = os.getpid()
        self._slots = threading.Semaphore(self._max_calls) if self._max_calls else None
        self._workers: WorkerPool[CompressedContext] = WorkerPool(WORKERS)
        self._fallback_worker: WorkerPool[CompressedContext] = WorkerPool(1)  # for coroutines

    def run(self, call: Call) -> CompressedContext:
        """Return the result of a call; without a deadline it runs in the caller's own thread."""
        if self._deadline is None and self._max_calls is None:
            return self._run(call)
        try:
            with self._slot():
                return self._run(call) if self._deadline is None else self._run_with_deadline(call)
        except CallRejected as error:
            if not self._fallback:
                raise
            return self._fallback(call, error)

    async def arun(self, call: Call) -> CompressedContext:
        """Do as `run` while the event loop goes on; a call that is cancelled ends at its next batch."""
        import asyncio  # a tenth of the package's own import

        try:
            with self._slot():
                return await self._run_async(call)
        except CallRejected as error:
            if not self._fallback:
                raise
            return await asyncio.wrap_future(
                self._fallback_worker.submit(partial(self._fallback, call, error))
            )

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """Hold one of the slots. A forked process has slots and threads of its own."""
        if self._process != os.getpid():
            self._open()
        slots = self._slots
        if slots and not slots.acquire(blocking=False):
            raise Overloaded(f"{self._max_calls} calls are under way")
        try:
            yield
        finally:
            if slots:
                slots.release()

    @contextmanager
    def _job(self, call: Call) -> Iterator[tuple[Future[CompressedContext], Deadline]]:
        """Run the call in a worker thread, which stops when nobody waits for it any more."""
        if self._deadline is not None and self._workers.has_hung_job():
            raise Overloaded("a call before this one hangs")
        deadline = Deadline(self._deadline)
        job = self._workers.submit(partial(deadline.run, partial(self._run, call)))
        try:
            yield job, deadline
        finally:
            deadline.stop()
            self._workers.abandon(job)

    def _run_with_deadline(self, call: Call) -> CompressedContext:
        with self._job(call) as (job, deadline):
            wait([job], deadline.left(half=True))
            made = self._fallback(call, self._late()) if self._fallback and not job.done() else None
            wait([job], deadline.left())
            if _finished(job):
                return job.result()
            if made is None:
                raise self._late()
            return made

    async def _run_async(self, call: Call) -> CompressedContext:
        import asyncio

        with self._job(call) as (job, deadline):
            main, made = asyncio.wrap_future(job), None
            try:
                await asyncio.wait([main], timeout=deadline.left(half=True))
                if self._fallback and not main.done():
                    quick = self._fallback_worker.submit(partial(self._fallback, call, self._late()))
                    made = asyncio.wrap_future(quick)
                await asyncio.wait([main], timeout=deadline.left())
                if _finished(main):
                    return main.result()
                if made is None:
                    raise self._late()
                return await made
            finally:
                main.cancel()
                if made is not None:
                    made.cancel()

    def _late(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"no answer within {self._deadline} s")


def _finished(job: Future[CompressedContext] | asyncio.Future[CompressedContext]) -> bool:
    """Return whether a job ended by itself rather than at its deadline."""
    return job.done() and not isinstance(job.exception(), DeadlineExceeded)
