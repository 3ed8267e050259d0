"""The custom event ``semtoken``, sent to the callbacks of the run that a compression is part of."""

from __future__ import annotations

from langchain_core.callbacks import Callbacks, adispatch_custom_event, dispatch_custom_event

from semtoken_rag import CompressedContext

EVENT = "semtoken"


def send(context: CompressedContext | None, callbacks: Callbacks) -> None:
    """Send the event, unless there is no run that could receive it."""
    if context is None:
        return
    try:
        dispatch_custom_event(EVENT, context.stats.as_dict(), config={"callbacks": callbacks})
    except RuntimeError as error:
        _only_without_parent(error)


async def asend(context: CompressedContext | None, callbacks: Callbacks) -> None:
    """Send the event from a coroutine, as `send` does."""
    if context is None:
        return
    try:
        await adispatch_custom_event(EVENT, context.stats.as_dict(), config={"callbacks": callbacks})
    except RuntimeError as error:
        _only_without_parent(error)


def _only_without_parent(error: RuntimeError) -> None:
    """Raise any other RuntimeError: only its message tells the error of a missing parent run."""
    if "parent run id" not in str(error):
        raise error
