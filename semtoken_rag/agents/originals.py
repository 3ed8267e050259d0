"""`Originals`: the texts behind compressed ones, by a short reference, and `expand`, which reads them."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from semtoken_rag._internal.checks import check_positive
from semtoken_rag._internal.lru import ByteLRU
from semtoken_rag.agents.excerpt import beginning, excerpt
from semtoken_rag.compressor import SemToken
from semtoken_rag.store.base import FingerprintStore
from semtoken_rag.store.registry import resolve_store

ORIGINALS_BYTES = 64 * 2**20
KEY = "original-{}"  # in a store that others use too


class UnknownRef(KeyError):
    """No text is kept under a reference."""

    def __str__(self) -> str:
        """Return the message; a KeyError would quote it."""
        return str(self.args[0])


class Originals:
    """Texts by a short reference; the least recently used are dropped first. Safe for threads.

    A reference follows from the text alone, so that the same text has the same reference everywhere. Who
    knows it can read the text: keep one object for each user whose texts others must not read. Copies and
    pickles are empty but for what ``store`` holds.

    Parameters
    ----------
    max_bytes
        Most bytes of all texts in memory together, in UTF-8, at least 1. A text that is larger is kept in
        ``store`` alone.
    store
        Also keeps the texts, for other processes and for later: ``sqlite:///file``, ``redis://host``, or any
        byte store, see `semtoken_rag.store.FingerprintStore`. None: they are kept in memory alone.

    Raises
    ------
    ValueError
        If an argument is none of these.

    Examples
    --------
    >>> originals = Originals()
    >>> ref = originals.put("The tower opened in 1889.")
    >>> ref, originals.get(ref)
    ('d4e53b17a198c660', 'The tower opened in 1889.')
    """

    def __init__(self, max_bytes: int = ORIGINALS_BYTES, *, store: Any = None) -> None:
        check_positive("max_bytes", max_bytes)
        self.max_bytes = max_bytes
        self.store: FingerprintStore | None = None if store is None else resolve_store(store)
        self._texts: ByteLRU[str, bytes] = ByteLRU(max_bytes, len)

    @property
    def size(self) -> int:
        """Bytes of all texts in memory."""
        return self._texts.bytes

    def put(self, text: str) -> str:
        """Keep a text.

        Parameters
        ----------
        text
            Any string.

        Returns
        -------
        str
            Its reference: 16 hexadecimal digits.

        Raises
        ------
        ValueError
            If ``text`` is not a string, or if it is larger than ``max_bytes`` and there is no ``store``.
        Exception
            Any failure of ``store``.
        """
        if not isinstance(text, str):
            raise ValueError(f"text must be a str, got {type(text).__name__}: {text!r:.80}")
        data = text.encode("utf-8", "surrogatepass")
        if len(data) > self.max_bytes and self.store is None:
            raise ValueError(f"text must be at most max_bytes={self.max_bytes} in UTF-8, got {len(data)}")
        ref = _digest(data)
        if self.store is not None:
            self.store.mset([(KEY.format(ref), data)])
        if len(data) <= self.max_bytes:
            self._texts.put([(ref, data)])
        return ref

    def get(self, ref: str) -> str:
        """Return a text.

        Parameters
        ----------
        ref
            What `put` returned.

        Returns
        -------
        str
            The text as it was put.

        Raises
        ------
        UnknownRef
            If no text is kept under the reference; it is a KeyError.
        Exception
            Any failure of the store.
        """
        (data,) = self._texts.get([ref]) if isinstance(ref, str) else (None,)
        if data is None and isinstance(ref, str) and self.store is not None:
            (data,) = self.store.mget([KEY.format(ref)])
            if data is not None and _digest(data) != ref:  # damaged
                data = None
        if data is None:
            raise UnknownRef(f"no original is kept under ref {ref!r:.80}: it was dropped, or never kept")
        return data.decode("utf-8", "surrogatepass")

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle without the texts in memory."""
        return partial(Originals, self.max_bytes, store=self.store), ()


def expand(
    originals: Originals, ref: str, *, engine: SemToken, query: str = "", max_tokens: int | None = None
) -> str:
    """Return what an original says on a question, word for word.

    Parameters
    ----------
    originals
        Has the text.
    ref
        Its reference.
    engine
        Chooses what the question asks for, and counts tokens.
    query
        The question. If it is blank, the text is given from its beginning.
    max_tokens
        Most tokens to return, at least 1; None: any number, and so the whole text.

    Returns
    -------
    str
        The whole text if it fits; else the parts of it that the question asks for, with marks where something
        is left out.

    Raises
    ------
    UnknownRef
        If no text is kept under the reference.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> originals, engine = Originals(), SemToken(encoder="static")
    >>> ref = originals.put("The tower opened in 1889. It rained that day.")
    >>> expand(originals, ref, engine=engine, query="When did it open?", max_tokens=8)
    'The tower opened in 1889.'
    """
    if max_tokens is not None:
        check_positive("max_tokens", max_tokens)
    text = originals.get(ref)
    if max_tokens is None:
        return text
    if not query.strip():
        return beginning(text, engine.counter.count, max_tokens)
    return excerpt(text, query, engine=engine, max_tokens=max_tokens)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()
