"""Faults, injected: what the caller gets where an encoder, a store, a process or a GPU fails."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semtoken_rag import SemToken
from semtoken_rag.store import failsafe as guarded
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.store.sqlite import SQLiteStore
from semtoken_rag.store.tiered import TieredStore
from semtoken_rag.testing import HashEncoder
from semtoken_rag.types import Encoding
from tests.support.samples import BREAD, PARIS, QUERY, ROME

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = "[PAD] [UNK] [CLS] [SEP] [MASK] the tower opened in 1889 . it rained that day paris is when did"
CHUNKS = [BREAD, PARIS, ROME]

FORKED = """
import asyncio, os, signal, sys
from semtoken_rag import Config, SemToken

QUERY = "When did the tower open?"
texts = ["The tower opened in 1889. It rained that day. " * 40, "Paris is the capital of France. " * 40]
plain, timed = (
    SemToken(encoder=sys.argv[1], store=sys.argv[2] or None, on_error="raise", config=config)
    for config in (Config(), Config(deadline=60, max_calls=2))
)

def ask():
    texts_ = [engine.compress(texts, QUERY, max_tokens=n).text for engine in (plain, timed) for n in (9, 20)]
    return [*texts_, *(asyncio.run(e.acompress(texts, QUERY, max_tokens=20)).text for e in (plain, timed))]

before = ask()
child = os.fork()
if child == 0:
    signal.alarm(60)
    os._exit(ask() != before)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ask() == before)
"""


def compress(engine: SemToken, chunks: Sequence[str] = CHUNKS) -> Any:
    return engine.compress(chunks, QUERY, max_tokens=20)


def spoilt(change: Callable[[list[Encoding]], Any]) -> HashEncoder:
    """Return an encoder whose encodings are changed."""
    encoder = HashEncoder()
    made = encoder.encode
    encoder.encode = lambda texts, titles: change(made(texts, titles))
    return encoder


def not_finite(encodings: list[Encoding]) -> list[Encoding]:
    encodings[1].vectors[0, 0] = np.nan
    return encodings


def each(**changes: Callable[[Encoding], Any]) -> Callable[[list[Encoding]], list[Encoding]]:
    return lambda all_: [replace(e, **{n: change(e) for n, change in changes.items()}) for e in all_]


SPOILT = {
    "no vector is finite": (not_finite, "FloatingPointError: the encoder hash returned vectors that are not"),
    "a title that is infinite": (
        each(title_ids=lambda e: e.ids[:1], title_vectors=lambda e: np.full((1, 16), np.inf, np.float32)),
        "FloatingPointError: the encoder hash returned vectors that are not finite",
    ),
    "a vector too few": (each(vectors=lambda e: e.vectors[1:]), "ValueError: the encoder hash returned"),
    "pooled": (each(vectors=lambda e: e.vectors.mean(0)), "ValueError: the encoder hash returned offsets"),
    "of several lengths": (
        lambda all_: [replace(e, vectors=e.vectors[:, : 16 - i]) for i, e in enumerate(all_)],
        "ValueError: the encoder hash returned offsets",
    ),
    "flat offsets": (
        each(offsets=lambda e: e.offsets[:, 0]),
        "ValueError: the encoder hash returned offsets",
    ),
    "offsets in no order": (
        each(offsets=lambda e: e.offsets[::-1]),
        "ValueError: the encoder hash returned offsets that are not in order",
    ),
    "offsets of a longer text": (
        each(offsets=lambda e: e.offsets + 500),
        "ValueError: the encoder hash returned offsets that are not in order",
    ),
    "a text too few": (lambda all_: all_[1:], "ValueError: the encoder hash returned 3 for 4 texts"),
    "nothing": (lambda all_: None, "TypeError: object of type 'NoneType' has no len"),
    "a bare array": (lambda all_: [e.vectors for e in all_], "AttributeError: 'numpy.ndarray' object has no"),
    "an error": (lambda all_: 1 / 0, "ZeroDivisionError: division by zero"),
}


@pytest.mark.parametrize("store", [None, "memory://"])
@pytest.mark.parametrize(("change", "told"), SPOILT.values(), ids=SPOILT)
def test_after_what_is_no_encoding_the_originals_are_cut_to_the_budget(change, told, store) -> None:
    got = compress(SemToken(encoder=spoilt(change), store=store))
    assert got.stats.fallback.startswith(told)
    assert got.text.startswith("Bread is made of flour, water and salt.")
    assert got.stats.tokens_after <= 20
    with pytest.raises(Exception, match=told.partition(": ")[2]):
        compress(SemToken(encoder=spoilt(change), store=store, on_error="raise"))


@pytest.mark.parametrize("strategy", ["paper", "vq-tok", "cascade"])
def test_every_strategy_refuses_vectors_that_are_not_finite(strategy) -> None:
    got = compress(SemToken(encoder=spoilt(not_finite), strategy=strategy))
    assert got.stats.fallback.startswith("FloatingPointError: ")


def full(path: Path) -> SQLiteStore:
    store = SQLiteStore(path)
    store._connection().execute("PRAGMA max_page_count = 5")
    return store


def read_only(path: Path) -> SQLiteStore:
    store = SQLiteStore(path)
    store._connection().execute("PRAGMA query_only = ON")  # a read-only file system, as root too
    return store


def locked(path: Path, *, opened: bool = True) -> SQLiteStore:
    store = SQLiteStore(path, timeout=0.01)
    if opened:
        store.mget(["x"])
    store.other = sqlite3.connect(path, isolation_level=None)
    store.other.execute("BEGIN EXCLUSIVE")
    return store


def no_database(path: Path) -> SQLiteStore:
    path.write_bytes(b"no database" * 1000)
    return SQLiteStore(path)


def damaged(path: Path) -> SQLiteStore:
    store = SQLiteStore(path)
    store.mset([(f"k{i}", bytes(3000)) for i in range(100)])
    store._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store._connection().close()
    pages = bytearray(path.read_bytes())
    pages[4096 : 20 * 4096] = b"\xa5" * (19 * 4096)
    path.write_bytes(pages)
    return SQLiteStore(path)


def no_folder(path: Path) -> SQLiteStore:
    path.write_text("a file where a folder should be")
    return SQLiteStore(path / "store.db")


class Gone(MemoryStore):
    """Works until something is to be written, or returns too little."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def mget(self, keys):
        return super().mget(keys)[1:] if self.what == "short" else super().mget(keys)

    def mset(self, key_value_pairs):
        raise ConnectionError("Connection closed by server.")


READ, WRITTEN = "the store could not be read: ", "the store could not be written: "
STORES = {
    "full": (full, WRITTEN + "OperationalError: database or disk is full"),
    "read-only": (read_only, WRITTEN + "OperationalError: attempt to write a readonly database"),
    "locked": (locked, WRITTEN + "OperationalError: database is locked"),
    "locked before it is opened": (
        partial(locked, opened=False),
        READ + "OperationalError: database is locked",
    ),
    "no database": (no_database, READ + "DatabaseError: file is not a database"),
    "damaged": (damaged, READ + "DatabaseError: database disk image is malformed"),
    "no folder": (no_folder, READ + "NotADirectoryError: "),
    "gone in between": (
        lambda path: Gone("write"),
        WRITTEN + "ConnectionError: Connection closed by server.",
    ),
    "too few values": (lambda path: Gone("short"), READ + "ValueError: 2 values for 3 keys"),
}


@pytest.mark.parametrize("tiered", [False, True])
@pytest.mark.parametrize(("make", "told"), STORES.values(), ids=STORES)
def test_a_store_that_fails_costs_no_answer_and_is_logged_once(make, told, tiered, tmp_path, caplog) -> None:
    expected = compress(SemToken(encoder="static", store="memory://"))
    store = make(tmp_path / "store.db")
    if tiered and told != STORES["too few values"][1]:
        store = TieredStore(MemoryStore(), store)
    engine = SemToken(encoder="static", store=store)
    with caplog.at_level(logging.WARNING):
        first, *rest = (compress(engine) for _ in range(3))
    for got in (first, *rest):
        assert (got.text, got.chunks, got.units) == (expected.text, expected.chunks, expected.units)
        assert got.stats.fallback is None
    assert first.stats.store_failure.startswith(told)
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert told in caplog.text
    assert "Traceback" not in caplog.text
    assert "flour" not in caplog.text


def test_what_a_read_only_store_has_is_read(tmp_path) -> None:
    path = tmp_path / "store.db"
    SemToken(encoder="static", store=SQLiteStore(path)).annotate(CHUNKS[:2])
    got = compress(SemToken(encoder="static", store=read_only(path)))
    assert got.stats.stored == 2
    assert "attempt to write" in got.stats.store_failure
    again = compress(SemToken(encoder="static", store=read_only(path)), CHUNKS[:2])
    assert (again.stats.stored, again.stats.store_failure) == (2, None)


class Counted(MemoryStore):
    """Fails while it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.fails, self.asked = True, 0

    def mget(self, keys):
        self.asked += 1
        if self.fails:
            raise TimeoutError("no answer")
        return super().mget(keys)


def test_a_store_that_failed_rests_and_is_used_again_when_it_works(monkeypatch, caplog) -> None:
    now = [1000.0]
    monkeypatch.setattr("semtoken_rag.store.failsafe.time.monotonic", lambda: now[0])
    store = Counted()
    engine = SemToken(encoder="static", store=store)

    def failures(n: int) -> list[str | None]:
        return [compress(engine).stats.store_failure for _ in range(n)]

    told = "the store could not be read: TimeoutError: no answer"
    assert failures(5) == [told] * 5
    assert store.asked == 1
    now[0] += guarded.RETRY_AFTER + 1
    assert failures(2) == [told] * 2
    assert store.asked == 2
    assert len(caplog.records) == 1
    store.fails = False
    now[0] += guarded.RETRY_AFTER + 1
    assert failures(2) == [None, None]
    assert compress(engine).stats.stored == len(CHUNKS)
    store.fails = True
    assert failures(1) == [told]
    assert len(caplog.records) == 2


def test_a_file_that_is_deleted_under_a_store_is_made_anew(tmp_path) -> None:
    path = tmp_path / "folder" / "store.db"

    class Deleting(HashEncoder):
        def encode(self, texts, titles):
            shutil.rmtree(path.parent, ignore_errors=True)
            return super().encode(texts, titles)

    engine = SemToken(encoder=Deleting(), store=SQLiteStore(path))
    first = compress(engine)
    assert (first.stats.stored, first.stats.store_failure) == (0, None)
    again = compress(SemToken(encoder=HashEncoder(), store=SQLiteStore(path)))
    assert (again.text, again.stats.stored) == (first.text, len(CHUNKS))


def forked(encoder: str, store: str) -> str:
    # Two threads of OpenMP, which do not survive a fork.
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED, encoder, store],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("store", ["", "memory://", "sqlite:///{}/store.db"])
def test_a_forked_process_gets_the_same(store: str, tmp_path: Path) -> None:
    assert forked("static", store.format(tmp_path)) == "0 True"


def test_a_forked_process_gets_the_same_of_a_transformer(tiny: Path) -> None:
    assert forked(str(tiny), "") == "0 True"


@pytest.fixture(scope="module")
def tiny(tiny_bert) -> Path:
    return tiny_bert(VOCABULARY.split(), hidden=128, layers=2)


@pytest.fixture
def crowded(tiny: Path) -> tuple[Any, list[int]]:
    """Return an encoder whose GPU has room for so many windows at once, and the batches that ran there."""
    torch = pytest.importorskip("torch")
    from semtoken_rag.encoders.transformer import TransformerEncoder

    encoder, ran = TransformerEncoder(str(tiny), device="cpu"), []
    encoder.room = 100

    def admit(module: Any, _: Any, given: dict[str, Any]) -> None:
        windows = len(given["input_ids"])
        if module is encoder.module:
            if windows > encoder.room:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            ran.append(windows)

    encoder.module.register_forward_pre_hook(admit, with_kwargs=True)
    return encoder, ran


TEXTS = [f"the tower opened in 1889 . {'it rained that day . ' * i}" for i in range(1, 14)]


@pytest.mark.parametrize(("room", "left"), [(100, 0), (4, 0), (1, 0), (0, 13)])
def test_a_full_gpu_gets_smaller_batches_and_then_the_cpu_works(crowded, caplog, room, left) -> None:
    encoder, ran = crowded
    expected = encoder.encode(TEXTS, [""] * len(TEXTS))
    ran.clear()
    encoder.room = room
    with caplog.at_level(logging.WARNING):
        got = encoder.encode(TEXTS, [""] * len(TEXTS))
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a.vectors, b.vectors, atol=1e-5)
    assert max(ran, default=0) <= room
    assert sum(ran) == len(TEXTS) - left
    assert len(caplog.records) == (1 if left else 0)
    encoder.room = 100
    encoder.encode(TEXTS, [""] * len(TEXTS))
    assert sum(ran) == 2 * len(TEXTS) - left  # the GPU is tried again


def test_other_failures_of_a_module_are_the_calls(crowded) -> None:
    encoder, _ = crowded
    encoder.module.register_forward_pre_hook(lambda *_: 1 / 0)
    assert compress(SemToken(encoder=encoder)).stats.fallback == "ZeroDivisionError: division by zero"


def test_a_gpu_without_room_for_the_model_leaves_it_on_the_cpu(tiny: Path, monkeypatch, caplog) -> None:
    torch = pytest.importorskip("torch")
    from semtoken_rag.encoders import device
    from semtoken_rag.encoders.transformer import TransformerEncoder

    placed = device.move_to

    def crowded(module: Any, where: Any) -> Any:
        if where.type == "cuda":
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return placed(module, where)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(device, "move_to", crowded)
    encoder = TransformerEncoder(str(tiny))
    assert (encoder.device.type, encoder.batch_tokens) == ("cpu", 512)
    assert "the GPU has no room for" in caplog.text
    assert encoder.encode(["the tower"], [""])[0].vectors.shape == (2, 128)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        TransformerEncoder(str(tiny), device="cuda")


def test_while_the_back_of_a_tiered_store_rests_its_front_is_asked(monkeypatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("semtoken_rag.store.failsafe.time.monotonic", lambda: now[0])
    front, back = MemoryStore(), Counted()
    engine = SemToken(encoder="static", store=TieredStore(front, back))
    told = "the store could not be read: TimeoutError: no answer"
    first, again = compress(engine), compress(engine)
    assert (first.stats.stored, first.stats.store_failure) == (0, told)
    assert (again.stats.stored, again.stats.store_failure) == (len(CHUNKS), None)
    more = compress(engine, [*CHUNKS, "Rivers run to the sea."])
    assert (more.stats.stored, more.stats.store_failure, back.asked) == (len(CHUNKS), told, 1)
    back.fails = False
    now[0] += guarded.RETRY_AFTER + 1
    last = compress(engine, [*CHUNKS, "Seas wait."])
    assert (last.stats.store_failure, back.asked, len(list(back.yield_keys()))) == (None, 2, 1)
