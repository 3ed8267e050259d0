"""A store that keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class NoStore:
    """Keep nothing: what reads a store reads so what chunks carry with them alone."""

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return None for each key."""
        return [None] * len(keys)

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Do nothing."""

    def mdelete(self, keys: Sequence[str]) -> None:
        """Do nothing."""

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Return an empty iterator."""
        return iter(())
