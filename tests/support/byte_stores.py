"""What every byte store keeps to."""

from __future__ import annotations

from semtoken_rag.store.base import FingerprintStore


def check_byte_store(store: FingerprintStore) -> None:
    """Go through the interface of an empty store."""
    assert isinstance(store, FingerprintStore)
    store.mset([("a1", b"one"), ("a2", b"\x00two"), ("b", b"")])
    assert store.mget(["b", "x", "a2", "a1", "a1"]) == [b"", None, b"\x00two", b"one", b"one"]
    assert sorted(store.yield_keys()) == ["a1", "a2", "b"]
    assert sorted(store.yield_keys(prefix="a")) == ["a1", "a2"]
    store.mset([("a1", b"new")])
    store.mdelete(["a2", "never there"])
    assert store.mget(["a1", "a2"]) == [b"new", None]
    store.mset([])
    store.mdelete([])
    assert store.mget([]) == []
