"""The `FingerprintStore` protocol: bytes by key, the interface of LangChain's ``BaseStore[str, bytes]``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class FingerprintStore(Protocol):
    """Protocol of a store: what can be passed as ``store=``.

    A store must be safe for threads: calls run in several threads at once, and all of them use one store. It
    may drop values at any time, since a missing value is computed anew. An exception of a method fails no
    call: it is reported in ``Stats.store_failure``, and the store is left alone for a while, see
    `semtoken_rag.store.failsafe.FailSafeStore`. Only `SemToken.annotate` lets the exception through.

    Keys are hexadecimal digests that tell nothing of the text. Values carry a checksum, are never unpickled,
    and are computed anew if they are damaged.
    """

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key.

        Parameters
        ----------
        keys
            May be empty, and may have a key more than once.

        Returns
        -------
        list of bytes or None
            One entry for each of ``keys``, in order: a key given twice has two. None if the store has no
            value.
        """
        ...

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Keep values.

        Parameters
        ----------
        key_value_pairs
            May be empty. A value replaces the former one of its key; of a key given twice, the last value
            stays.
        """
        ...

    def mdelete(self, keys: Sequence[str]) -> None:
        """Delete values.

        Parameters
        ----------
        keys
            May be empty, and may have keys without a value, which are passed over.
        """
        ...

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Return an iterator over the keys.

        Parameters
        ----------
        prefix
            Beginning of the keys; None for all keys.

        Returns
        -------
        iterator of str
            Each key once, in any order.
        """
        ...
