"""How calls are let in, waited for and left: a deadline, a bound on their number, and coroutines."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from semtoken_rag.call import Call
from semtoken_rag.crew import Crew
from semtoken_rag.deadline import Clock, DeadlineExceeded, Refused
from semtoken_rag.render import CompressedContext

if TYPE_CHECKING:
    import asyncio

WORKERS = min(32, (os.cpu_count() or 1) + 4)  # as many as asyncio has threads

Answer: TypeAlias = Callable[[Call], CompressedContext]
Spare: TypeAlias = Callable[[Call, Refused], CompressedContext]


class Overloaded(Refused, RuntimeError):
    """As many calls as may be are under way, or one that hangs is."""


class Service:
    """Gets each call its answer in time.

    Under a deadline a call works in a thread that can be left. If there is no answer when half the time is
    over, a spare one is made beside it, and given at the deadline. A call that finds no place gets the spare
    one at once.

    Parameters
    ----------
    answer
        Makes a call's answer.
    spare
        Makes one that is quick and cannot hang, flagged with the reason; None raises the `Refused` instead.
    deadline
        Seconds a call; None for no end.
    most
        Calls that may be under way or waiting at one time; None for any number.
    """

    def __init__(self, answer: Answer, spare: Spare | None, deadline: float | None, most: int | None) -> None:
        self._answer, self._spare = answer, spare
        self._deadline, self._most = deadline, most
        self._open()

    def _open(self) -> None:
        self._process = os.getpid()
        self._places = threading.Semaphore(self._most) if self._most else None
        self._crew: Crew[CompressedContext] = Crew(WORKERS)
        self._quick: Crew[CompressedContext] = Crew(1)  # spare answers of coroutines

    def run(self, call: Call) -> CompressedContext:
        """Answer; in the caller's own thread where there is no deadline."""
        if self._deadline is None and self._most is None:
            return self._answer(call)
        try:
            with self._place():
                return self._answer(call) if self._deadline is None else self._in_time(call)
        except Refused as error:
            if not self._spare:
                raise
            return self._spare(call, error)

    async def arun(self, call: Call) -> CompressedContext:
        """Answer while the event loop goes on; a call that is cancelled stops at its next batch."""
        import asyncio  # a tenth of the package's own import

        try:
            with self._place():
                return await self._beside_loop(call)
        except Refused as error:
            if not self._spare:
                raise
            return await asyncio.wrap_future(self._quick.submit(partial(self._spare, call, error)))

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Hold one of the places; a forked process has its own, and threads of its own."""
        if self._process != os.getpid():
            self._open()
        places = self._places
        if places and not places.acquire(blocking=False):
            raise Overloaded(f"{self._most} calls are under way")
        try:
            yield
        finally:
            if places:
                places.release()

    @contextmanager
    def _job(self, call: Call) -> Iterator[tuple[Future[CompressedContext], Clock]]:
        """Have the answer made in another thread, which stops when nobody waits for it any more."""
        if self._deadline is not None and self._crew.stuck():
            raise Overloaded("a call before this one hangs")
        clock = Clock(self._deadline)
        job = self._crew.submit(partial(clock.run, partial(self._answer, call)))
        try:
            yield job, clock
        finally:
            clock.stop()
            self._crew.leave(job)

    def _in_time(self, call: Call) -> CompressedContext:
        with self._job(call) as (job, clock):
            wait([job], clock.left(half=True))
            spare = self._spare(call, self._late()) if self._spare and not job.done() else None
            wait([job], clock.left())
            if _ended(job):
                return job.result()
            if spare is None:
                raise self._late()
            return spare

    async def _beside_loop(self, call: Call) -> CompressedContext:
        import asyncio

        with self._job(call) as (job, clock):
            main, spare = asyncio.wrap_future(job), None
            try:
                await asyncio.wait([main], timeout=clock.left(half=True))
                if self._spare and not main.done():
                    quick = self._quick.submit(partial(self._spare, call, self._late()))
                    spare = asyncio.wrap_future(quick)
                await asyncio.wait([main], timeout=clock.left())
                if _ended(main):
                    return main.result()
                if spare is None:
                    raise self._late()
                return await spare
            finally:
                main.cancel()
                if spare is not None:
                    spare.cancel()

    def _late(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"no answer within {self._deadline} s")


def _ended(job: Future[CompressedContext] | asyncio.Future[CompressedContext]) -> bool:
    """Tell whether a job came to its own end, rather than to that of its time."""
    return job.done() and not isinstance(job.exception(), DeadlineExceeded)
