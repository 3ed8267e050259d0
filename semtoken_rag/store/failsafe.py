"""A circuit breaker around a store: failures are returned, not raised, so no call fails by them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from semtoken_rag.store.base import FingerprintStore
from semtoken_rag.store.tiered import TieredStore

T = TypeVar("T")

RETRY_AFTER = 30.0  # seconds for which a store that failed is left alone, since a failure may take long
log = logging.getLogger(__name__)


class FailSafeStore:
    """Read and write a store, and return its failures in place of raising them.

    After a failure the store is left alone for `RETRY_AFTER` seconds. A failure is logged once until the
    store works again. The two stores of a `TieredStore` fail each by itself.

    Parameters
    ----------
    store
        The store. One that can be read but not written is still read.
    """

    def __init__(self, store: FingerprintStore) -> None:
        self._store = store
        self._open_until: dict[str, tuple[float, str]] = {}  # until when, and after which failure
        tiers = (store.front, store.back) if type(store) is TieredStore else ()
        self._tiers = tuple(map(FailSafeStore, tiers))

    def read(self, keys: Sequence[str]) -> tuple[list[bytes | None], str | None]:
        """Read values.

        Parameters
        ----------
        keys
            The keys.

        Returns
        -------
        values
            The value of each key; None if the store has none or failed.
        failure
            What went wrong; None if nothing did.
        """
        if self._tiers:
            return self._read_tiers(keys)
        values, failure = self._try("read", lambda: self._values(keys))
        return [None] * len(keys) if values is None else values, failure

    def write(self, pairs: Sequence[tuple[str, bytes]]) -> str | None:
        """Write values, unless the store could not be read; return the failure, None if there was none."""
        if self._tiers:
            failures = [tier.write(pairs) for tier in self._tiers]
            return next(filter(None, failures), None)
        if "read" in self._open_until:
            return self._open_until["read"][1]
        return self._try("written", lambda: self._store.mset(pairs))[1]

    def _read_tiers(self, keys: Sequence[str]) -> tuple[list[bytes | None], str | None]:
        """Read the front, and the back for what the front lacks, as `TieredStore.mget` does."""
        front, back = self._tiers
        values, failure = front.read(keys)
        known = dict(zip(keys, values, strict=True))
        if missing := [key for key, value in known.items() if value is None]:
            found, failed = back.read(missing)
            new = [(key, value) for key, value in zip(missing, found, strict=True) if value is not None]
            failure = failure or failed or (front.write(new) if new else None)
            known.update(new)
        return [known[key] for key in keys], failure

    def _values(self, keys: Sequence[str]) -> list[bytes | None]:
        values = self._store.mget(keys)
        if len(values) != len(keys):
            raise ValueError(f"{len(values)} values for {len(keys)} keys")
        return values

    def _try(self, what: str, work: Callable[[], T]) -> tuple[T | None, str | None]:
        until, failure = self._open_until.get(what, (0.0, ""))
        if time.monotonic() < until:
            return None, failure
        try:
            value = work()
        except Exception as error:
            told = f"the store could not be {what}: {type(error).__name__}: {error!s:.200}"
            if not failure:
                log.warning("%s; fingerprints are made as if there were none", told)
            self._open_until[what] = time.monotonic() + RETRY_AFTER, told
            return None, told
        self._open_until.pop(what, None)
        return value, None
