"""A cache bounded in bytes: the least recently used values leave first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from semtoken_rag._internal.forks import renew_in_child

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteLRU(Generic[K, V]):
    """Values by key, bounded in bytes. Safe for threads, and usable in a forked process.

    Parameters
    ----------
    max_bytes
        Bytes that all values may take together, at least 1; None: no bound.
    size
        Returns the bytes of a value.

    Attributes
    ----------
    bytes
        Bytes of all values.
    hits, misses
        How many keys that were asked for had a value, and how many had none.

    Raises
    ------
    ValueError
        If ``max_bytes`` is below 1.

    Examples
    --------
    >>> cache = ByteLRU(8, len)
    >>> cache.put([("a", b"1234"), ("b", b"1234")])
    >>> cache.get(["a"]), cache.put([("c", b"1")]), cache.get(["b", "a"])
    ([b'1234'], None, [None, b'1234'])
    """

    def __init__(self, max_bytes: int | None, size: Callable[[V], int]) -> None:
        if max_bytes is not None and max_bytes < 1:
            raise ValueError(f"max_bytes must be at least 1, got {max_bytes!r}")
        self.max_bytes, self.bytes = max_bytes, 0
        self.hits = self.misses = 0
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()
        renew_in_child(self, "_lock", threading.Lock)

    def get(self, keys: Sequence[K]) -> list[V | None]:
        """Return the value of each key, None if it has none; those found count as used."""
        with self._lock:
            for key in keys:
                if key in self._values:
                    self._values.move_to_end(key)
                    self.hits += 1
                else:
                    self.misses += 1
            return [self._values.get(key) for key in keys]

    def put(self, pairs: Iterable[tuple[K, V]]) -> None:
        """Keep values, then drop the least recently used ones until the bound holds."""
        with self._lock:
            for key, value in pairs:
                self._remove(key)
                self._values[key] = value
                self.bytes += self._size(value)
            while self._values and self.max_bytes is not None and self.bytes > self.max_bytes:
                self._remove(next(iter(self._values)))

    def remove(self, keys: Iterable[K]) -> None:
        """Forget keys; those without a value do not matter."""
        with self._lock:
            for key in keys:
                self._remove(key)

    def keys(self) -> list[K]:
        """Return all keys, the least recently used first."""
        with self._lock:
            return list(self._values)

    def _remove(self, key: K) -> None:
        if key in self._values:
            self.bytes -= self._size(self._values.pop(key))
