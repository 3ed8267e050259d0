"""A store in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

MEMORY_BYTES = 256 * 2**20


class MemoryStore:
    """Keep values in memory; the least recently used are dropped first. Safe for threads.

    Copies and pickles are empty.

    Parameters
    ----------
    max_bytes
        Limit on the bytes of all values together.

    Raises
    ------
    ValueError
        If ``max_bytes`` is below 1.
    """

    def __init__(self, max_bytes: int = MEMORY_BYTES) -> None:
        self.max_bytes, self.size = at_least_one_byte(max_bytes), 0
        self._values: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, None if it has none; see `FingerprintStore.mget`."""
        with self._lock:
            for key in keys:
                if key in self._values:
                    self._values.move_to_end(key)
            return [self._values.get(key) for key in keys]

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Keep values, and drop the least recently used if there are too many."""
        with self._lock:
            for key, value in key_value_pairs:
                self._forget(key)
                self._values[key] = value
                self.size += len(value)
            while self.size > self.max_bytes:
                self._forget(next(iter(self._values)))

    def mdelete(self, keys: Sequence[str]) -> None:
        """Delete values."""
        with self._lock:
            for key in keys:
                self._forget(key)

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``."""
        with self._lock:
            keys = list(self._values)
        return (key for key in keys if key.startswith(prefix or ""))

    def __reduce__(self) -> tuple[type[MemoryStore], tuple[int]]:
        """Copy and pickle as an empty store."""
        return MemoryStore, (self.max_bytes,)

    def _forget(self, key: str) -> None:
        self.size -= len(self._values.pop(key, b""))


def at_least_one_byte(max_bytes: int) -> int:
    """Return ``max_bytes``; raise a ValueError if it is below 1."""
    if max_bytes < 1:
        raise ValueError(f"max_bytes must be at least 1, got {max_bytes!r}")
    return max_bytes
