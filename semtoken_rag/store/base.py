"""What a store is: bytes by key, with the interface of LangChain's ``BaseStore[str, bytes]``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class FingerprintStore(Protocol):
    """Structural type of everything that can be passed as ``store=``."""

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, None where there is none."""
        ...

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Keep values."""
        ...

    def mdelete(self, keys: Sequence[str]) -> None:
        """Forget keys; those that are not there do not matter."""
        ...

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Go through the keys that begin with ``prefix``."""
        ...
