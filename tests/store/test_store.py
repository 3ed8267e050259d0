"""Byte stores: LangChain's interface, bounds, threads, and files that are not what they should be."""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.store.registry import resolve_store
from semtoken_rag.store.sqlite import IMMUTABLE, READ_ONLY, SQLiteStore
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


READING = """
import os, tempfile
from itertools import product
from pathlib import Path
from semtoken_rag.store.sqlite import SQLiteStore

stores, folders = [], []
for folder_mode, file_mode, in_use in product((0o555, 0o755), (0o444, 0o644, 0o666), (False, True)):
    folder = Path(tempfile.mkdtemp(prefix="a store? #100%"))
    store = SQLiteStore(folder / "store.db")
    store.mset([("a", b"1")])
    if not in_use:  # the last connection takes the log with it
        store._connection().close()
    for file in folder.iterdir():
        file.chmod(file_mode)
    folder.chmod(folder_mode)
    stores.append(store)
    folders.append(folder)
if not os.getuid():  # root writes everywhere
    os.setgid(65534)
    os.setuid(65534)
for folder in folders:
    store = SQLiteStore(folder / "store.db")
    assert store.mget(["a", "b"]) == [b"1", None], folder
    assert list(store.yield_keys()) == ["a"]
    for _ in range(2):
        try:
            store.mset([("b", b"2")])
        except Exception as error:
            print(type(error).__name__, "readonly" in str(error))
"""


def test_a_file_that_cannot_be_written_is_read_whatever_the_rights_of_its_folder():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READING], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.splitlines()) == {"OperationalError True"}


def test_a_file_that_is_taken_for_immutable_is_opened_again_when_it_changes(tmp_path):
    path = tmp_path / "store.db"
    writer = SQLiteStore(path)
    writer.mset([("a", b"1")])
    writer._connection().close()  # which leaves no log
    store = SQLiteStore(path)
    store._local.connection, store._local.options = store._connect(IMMUTABLE), IMMUTABLE
    store._local.open = store._there()
    assert store.mget(["a", "b"]) == [b"1", None]
    writer = SQLiteStore(path)
    writer.mset([("b", b"2")])
    assert store.mget(["a", "b"]) == [b"1", b"2"]
    store._local.options = READ_ONLY
    store.mset([("c", b"3")])  # what could not be written is tried again
    assert writer.mget(["c"]) == [b"3"]


def test_a_forked_process_does_not_wait_for_a_lock_that_another_thread_held():
    memory, inside, go = MemoryStore(), threading.Event(), threading.Event()
    memory.mset([("a", b"1")])

    def slow():
        inside.set()
        go.wait(30)
        yield "a", b"2"

    thread = threading.Thread(target=memory.mset, args=(slow(),))
    thread.start()
    assert inside.wait(30)
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(memory.mget(["a"]) != [b"1"])
    go.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
    assert memory.mget(["a"]) == [b"2"]
