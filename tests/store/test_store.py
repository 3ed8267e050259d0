"""Byte stores: LangChain's interface, bounds, threads, and files that are not what they should be."""

from __future__ import annotations

import pickle
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.store.registry import resolve_store
from semtoken_rag.store.sqlite import SQLiteStore
from semtoken_rag.store.tiered import TieredStore
from tests.support.byte_stores import check_byte_store


@pytest.fixture(params=["memory", "sqlite", "tiered"])
def store(request, tmp_path):
    file = tmp_path / "folder" / "store.db"
    made = {
        "memory": MemoryStore,
        "sqlite": lambda: SQLiteStore(file),
        "tiered": lambda: TieredStore(MemoryStore(), SQLiteStore(file)),
    }
    return made[request.param]()


def test_the_interface_is_that_of_a_byte_store(store):
    check_byte_store(store)


def test_more_keys_than_one_statement_takes(store):
    pairs = [(f"{i:05d}", str(i).encode()) for i in range(2_345)]
    store.mset(pairs)
    assert store.mget([key for key, _ in pairs]) == [value for _, value in pairs]
    store.mdelete([key for key, _ in pairs[1:]])
    assert list(store.yield_keys()) == ["00000"]


def test_langchains_own_stores_fit():
    stores = pytest.importorskip("langchain_core.stores")
    byte_store = stores.InMemoryByteStore()
    assert resolve_store(byte_store) is byte_store


def test_memory_forgets_what_was_not_read_for_longest():
    store = MemoryStore(max_bytes=30)
    store.mset([("a", b"x" * 10), ("b", b"x" * 10), ("c", b"x" * 10)])
    store.mget(["a"])
    store.mset([("d", b"x" * 10)])
    assert list(store.yield_keys()) == ["c", "a", "d"]
    store.mset([("big", b"x" * 31)])
    assert list(store.yield_keys()) == []
    assert store.size == 0


def test_a_file_stays_within_its_bound_and_keeps_the_newest(tmp_path, monkeypatch):
    store = SQLiteStore(tmp_path / "store.db", max_bytes=2**20)
    clock = iter(range(10**9, 2 * 10**9, 1000))
    monkeypatch.setattr("semtoken_rag.store.sqlite.time.time", lambda: next(clock))
    for i in range(60):
        store.mset([(f"k{i}", bytes(50_000))])
        store.mget(["k0"])  # always in use
    assert store.mget(["k0", "k1", "k59"]) == [bytes(50_000), None, bytes(50_000)]
    assert (tmp_path / "store.db").stat().st_size <= 1.3 * 2**20


def test_threads_share_one_file(tmp_path):
    store = SQLiteStore(tmp_path / "store.db")

    def work(i: int) -> list[bytes | None]:
        store.mset([(f"{i}-{j}", f"{i}{j}".encode()) for j in range(20)])
        return store.mget([f"{i}-{j}" for j in range(20)])

    with ThreadPoolExecutor(8) as pool:
        for i, values in enumerate(pool.map(work, range(40))):
            assert values == [f"{i}{j}".encode() for j in range(20)]


def test_a_file_is_read_by_the_next_store(tmp_path):
    SQLiteStore(tmp_path / "store.db").mset([("a", b"1")])
    again = pickle.loads(pickle.dumps(SQLiteStore(tmp_path / "store.db", max_bytes=77_777)))
    assert (again.mget(["a"]), again.max_bytes) == ([b"1"], 77_777)


def test_a_file_that_may_only_be_read_is_read(tmp_path, monkeypatch):
    path = tmp_path / "store.db"
    store = SQLiteStore(path)
    store.mset([("a", b"1")])
    store._connection().execute(
        "PRAGMA query_only = ON"
    )  # what a read-only file system amounts to, as root too
    monkeypatch.setattr("semtoken_rag.store.sqlite.TOUCH", -10)
    assert store.mget(["a"]) == [b"1"]
    with pytest.raises(sqlite3.OperationalError):
        store.mset([("b", b"2")])


def test_a_file_that_is_no_database_raises_its_own_error(tmp_path):
    path = tmp_path / "store.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        SQLiteStore(path).mget(["a"])
    assert path.read_bytes() == b"no database" * 1000


def test_the_front_is_filled_from_the_back():
    front, back = MemoryStore(), MemoryStore()
    back.mset([("a", b"1")])
    assert TieredStore(front, back).mget(["a", "b"]) == [b"1", None]
    assert front.mget(["a", "b"]) == [b"1", None]


def test_names(tmp_path):
    assert isinstance(resolve_store("memory://"), MemoryStore)
    named = resolve_store(f"sqlite:///{tmp_path}/x.db")
    assert isinstance(named, TieredStore)
    assert isinstance(named.back, SQLiteStore)
    assert named.back.path == tmp_path / "x.db"
    assert resolve_store("sqlite:///relative.db").back.path == Path("relative.db")


BAD = ["", "file.db", "sqlite:///", "sqlite://x.db", "sqlite:x.db", "mysql://host", 5, object(), {}]


@pytest.mark.parametrize("bad", BAD)
def test_bad_names(bad):
    with pytest.raises(ValueError, match="store must") as error:
        resolve_store(bad)
    assert repr(bad)[:10] in str(error.value)


@pytest.mark.parametrize("kind", [MemoryStore, lambda n: SQLiteStore("x.db", n)])
def test_bounds_must_be_positive(kind):
    with pytest.raises(ValueError, match="max_bytes must be at least 1, got 0"):
        kind(0)


def test_a_copy_of_a_memory_is_empty():
    store = MemoryStore(max_bytes=99)
    store.mset([("a", b"1")])
    again = pickle.loads(pickle.dumps(store))
    assert (again.max_bytes, again.mget(["a"])) == (99, [None])
