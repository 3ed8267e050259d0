"""Loading a model with transformers: no bars where nobody sees them, no retries where there is no network."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from semtoken_rag._internal.optional import require

WAIT = 3.0  # seconds for an answer of the hub


@contextmanager
def loading(name: str) -> Iterator[dict[str, Any]]:
    """Load a model: transformers shows no bars meanwhile, and the hub its downloads to a terminal alone.

    Parameters
    ----------
    name
        A folder, or the name of a model on the Hugging Face hub.

    Yields
    ------
    dict
        What ``from_pretrained`` takes besides: if the hub cannot be reached, only what is in its cache.
    """
    transformers = require("transformers.utils.logging", extra="torch")
    hub = require("huggingface_hub.utils", extra="torch")
    bars, downloads = transformers.is_progress_bar_enabled(), not hub.are_progress_bars_disabled()
    if bars:
        transformers.disable_progress_bar()  # and the hub's
    if downloads and _is_terminal():
        hub.enable_progress_bars()
    try:
        yield {} if Path(name).exists() or answers() else {"local_files_only": True}
    finally:
        if bars and downloads:
            transformers.enable_progress_bar()


def answers() -> bool:
    """Return whether the hub answers in time. Else it would be asked six times for each file.

    The search for its address has no time limit of its own, so another thread asks.
    """
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return False
    answered = threading.Event()

    def ask() -> None:
        with suppress(Exception):  # whatever the client of this version raises
            get_session().head(constants.ENDPOINT, timeout=WAIT)
            answered.set()

    asks = threading.Thread(target=ask, daemon=True)
    asks.start()
    asks.join(WAIT)
    return answered.is_set()


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
