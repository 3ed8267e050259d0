"""Resolve ``store=`` to a store."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from semtoken_rag.store.base import FingerprintStore
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.store.redis import RedisStore
from semtoken_rag.store.sqlite import SQLiteStore
from semtoken_rag.store.tiered import TieredStore


def _sqlite(url: str) -> FingerprintStore:
    return TieredStore(MemoryStore(), SQLiteStore(url.removeprefix("sqlite:///")))


def _redis(url: str) -> FingerprintStore:
    return TieredStore(MemoryStore(), RedisStore(url))


SCHEMES: Mapping[str, Callable[[str], FingerprintStore]] = {
    "memory://": lambda _: MemoryStore(),
    "sqlite:///": _sqlite,
    "redis://": _redis,
    "rediss://": _redis,
}


def resolve_store(store: Any) -> FingerprintStore:
    """Return the store that ``store`` names, or the object itself.

    Parameters
    ----------
    store
        ``memory://``, ``sqlite:///file``, ``redis://host:port/db``, or an object with the methods of a
        `FingerprintStore`. A file or a server gets a `MemoryStore` in front. A file holds at most
        `semtoken_rag.store.sqlite.FILE_BYTES`; pass a `SQLiteStore` for another limit.

    Returns
    -------
    FingerprintStore
        A new one for an address, the same object for an object.

    Raises
    ------
    ValueError
        If ``store`` is none of these.
    ImportError
        If the store needs a package that is missing; the message names the extra.
    """
    if isinstance(store, FingerprintStore):
        return store
    if isinstance(store, str) and (
        make := next((m for start, m in SCHEMES.items() if store.startswith(start)), None)
    ):
        if store.startswith("sqlite") and not store.removeprefix("sqlite:///").strip("/"):
            raise ValueError(f"store must name a file, got {store!r}")
        return make(store)
    shown = without_secrets(store) if isinstance(store, str) else store
    raise ValueError(
        f"store must be memory://, sqlite:///file, redis://host or a byte store, got {shown!r:.80}"
    )


def without_secrets(address: str) -> str:
    """Return the address of a store as it may be shown: without user, password and options.

    >>> without_secrets("redis://user:secret@host:6379/0?password=secret")
    'redis://***@host:6379/0?***'
    >>> without_secrets("sqlite:///home/me@work/fingerprints.db")
    'sqlite:///home/me@work/fingerprints.db'
    """
    return re.sub(r"(?<=\?).+", "***", re.sub(r"(?<=://)[^/].*@", "***@", address))
