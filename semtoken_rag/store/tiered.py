"""A fast store in front of a lasting one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from semtoken_rag.store.base import FingerprintStore


class TieredStore:
    """Put a fast store in front of a lasting one. Safe for threads if both are.

    Parameters
    ----------
    front
        The store that is read first. It gets a copy of what only ``back`` had.
    back
        The store that has all values.
    """

    def __init__(self, front: FingerprintStore, back: FingerprintStore) -> None:
        self.front, self.back = front, back

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, None if it has none; see `FingerprintStore.mget`."""
        values = dict(zip(keys, self.front.mget(keys), strict=True))
        if missing := [key for key, value in values.items() if value is None]:
            found = [(k, v) for k, v in zip(missing, self.back.mget(missing), strict=True) if v is not None]
            self.front.mset(found)
            values.update(found)
        return [values[key] for key in keys]

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Keep values in both stores."""
        self.front.mset(key_value_pairs)
        self.back.mset(key_value_pairs)

    def mdelete(self, keys: Sequence[str]) -> None:
        """Delete values from both stores."""
        self.front.mdelete(keys)
        self.back.mdelete(keys)

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Yield the keys of the lasting store that begin with ``prefix``."""
        return self.back.yield_keys(prefix=prefix)
