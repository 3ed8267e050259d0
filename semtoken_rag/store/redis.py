"""A store on a Redis server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from semtoken_rag._internal.optional import require


class RedisStore:
    """Keep values on a Redis server, whose own ``maxmemory`` bounds them. Safe for threads and processes.

    Parameters
    ----------
    url
        Address, such as ``redis://host:6379/0``.
    prefix
        Text in front of every key on the server.

    Raises
    ------
    ImportError
        If the package redis is missing; the extra is ``redis``.
    redis.RedisError
        From every method, if the server cannot be reached or refuses.
    """

    def __init__(self, url: str, prefix: str = "semtoken:") -> None:
        self.url, self.prefix = url, prefix
        self._client: Any = require("redis", extra="redis").Redis.from_url(url, socket_timeout=5.0)

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, None if it has none; see `FingerprintStore.mget`."""
        return list(self._client.mget([self.prefix + key for key in keys])) if keys else []

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Keep values."""
        if key_value_pairs:
            self._client.mset({self.prefix + key: value for key, value in key_value_pairs})

    def mdelete(self, keys: Sequence[str]) -> None:
        """Delete values."""
        if keys:
            self._client.delete(*(self.prefix + key for key in keys))

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``."""
        start = (self.prefix + (prefix or "")).encode()
        for key in self._client.scan_iter(match=self.prefix + "*", count=1000):
            if key.startswith(start):
                yield key.decode().removeprefix(self.prefix)

    def __reduce__(self) -> tuple[type[RedisStore], tuple[str, str]]:
        """Copy and pickle without the connection."""
        return RedisStore, (self.url, self.prefix)
