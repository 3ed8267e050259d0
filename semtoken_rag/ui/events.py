"""Long work as a generator, which yields events between its steps and is cancelled by being closed."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Generator
from contextlib import ExitStack
from typing import Any, NamedTuple

from fastapi.sse import ServerSentEvent
from starlette.concurrency import iterate_in_threadpool

from semtoken_rag.readers.connection import ServerError

log = logging.getLogger(__name__)


class Event(NamedTuple):
    """A server-sent event: ``progress``, ``document``, ``result``, ``part``, ``answer`` or ``error``."""

    name: str
    data: dict[str, Any]


def progress(stage: str, done: int = 0, total: int = 0) -> Event:
    """Return a progress event.

    Parameters
    ----------
    stage
        What is being done.
    done
        Steps done.
    total
        Steps in all, 0 if their number is not known.

    Returns
    -------
    Event
        For the progress bar of the page.
    """
    return Event("progress", {"stage": stage, "done": done, "total": total})


async def close_when_left() -> AsyncIterator[ExitStack]:
    """Yield a stack that is closed when the client has the whole response, or has disconnected."""
    with ExitStack() as stack:
        yield stack


async def stream(work: Generator[Event, None, Any], left: ExitStack) -> AsyncIterator[ServerSentEvent]:
    """Run the work in a thread, step by step, and yield its events; ``left`` closes it."""
    left.callback(work.close)  # not during a step: a running step is waited for
    try:
        async for event in iterate_in_threadpool(work):
            yield _to_sse(event)
    except (ValueError, ServerError) as error:
        yield _to_sse(Event("error", {"message": str(error)}))
    except Exception as error:
        log.exception("the work failed")
        yield _to_sse(Event("error", {"message": f"failed inside: {type(error).__name__}"}))


def _to_sse(event: Event) -> ServerSentEvent:
    """Encode the event here: FastAPI would first convert all of ``data`` in Python."""
    return ServerSentEvent(event=event.name, raw_data=json.dumps(event.data))
