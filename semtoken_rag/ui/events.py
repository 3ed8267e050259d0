"""Long work as a generator: it yields events between its steps, and to cancel it is to close it."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Generator
from contextlib import ExitStack
from typing import Any, NamedTuple

from fastapi.sse import ServerSentEvent
from starlette.concurrency import iterate_in_threadpool

log = logging.getLogger(__name__)


class Event(NamedTuple):
    """What the page is told: ``progress``, ``document``, ``result``, ``part``, ``answer`` or ``error``."""

    name: str
    data: dict[str, Any]


def progress(stage: str, done: int = 0, total: int = 0) -> Event:
    """Tell how far a stage is; without a total it is not known how long it takes."""
    return Event("progress", {"stage": stage, "done": done, "total": total})


async def until_left() -> AsyncIterator[ExitStack]:
    """Give what closes the work of a request once its client has all of it, or is gone."""
    with ExitStack() as stack:
        yield stack


async def stream(work: Generator[Event, None, Any], left: ExitStack) -> AsyncIterator[ServerSentEvent]:
    """Run the work in a thread, step by step, and pass its events on."""
    left.callback(work.close)  # never while it runs: a step that was begun is waited for
    try:
        async for event in iterate_in_threadpool(work):
            yield _sent(event)
    except ValueError as error:
        yield _sent(Event("error", {"message": str(error)}))
    except Exception as error:
        log.exception("the work failed")
        yield _sent(Event("error", {"message": f"failed inside: {type(error).__name__}"}))


def _sent(event: Event) -> ServerSentEvent:
    """Encode here: FastAPI would first walk through all of ``data`` in Python."""
    return ServerSentEvent(event=event.name, raw_data=json.dumps(event.data))
