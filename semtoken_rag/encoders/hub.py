"""Loading a model with transformers: no bars where nobody sees them, no retries where there is no network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from semtoken_rag._optional import require

WAIT = 5.0  # seconds for an answer of the hub


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
    """Return whether the hub answers. Else it would be asked six times for each file, over half a minute."""
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=WAIT)
    except Exception:  # whatever the client of this version raises
        return False
    return True


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
