"""A store in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from semtoken_rag._internal.lru import ByteLRU

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
        self._values: ByteLRU[str, bytes] = ByteLRU(max_bytes, len)
        self.max_bytes = max_bytes

    @property
    def size(self) -> int:
        """Bytes of all values."""
        return self._values.bytes

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, None if it has none; see `FingerprintStore.mget`."""
        return self._values.get(keys)

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Keep values."""
        self._values.put(key_value_pairs)

    def mdelete(self, keys: Sequence[str]) -> None:
        """Forget keys."""
        self._values.remove(keys)

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Go through the keys that begin with ``prefix``."""
        return (key for key in self._values.keys() if key.startswith(prefix or ""))  # noqa: SIM118  (no dict)

    def __reduce__(self) -> tuple[type[MemoryStore], tuple[int]]:
        """Copy and pickle as an empty store."""
        return MemoryStore, (self.max_bytes,)


def at_least_one_byte(max_bytes: int) -> int:
    """Return ``max_bytes``; raise a ValueError if it is below 1."""
    if max_bytes < 1:
        raise ValueError(f"max_bytes must be at least 1, got {max_bytes!r}")
    return max_bytes
