"""The store on a Redis server, which the test starts on a free port of this machine."""

from __future__ import annotations

import logging
import pickle
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from semtoken_rag import SemToken
from semtoken_rag.ingest import ingest
from semtoken_rag.store.redis import RedisStore
from semtoken_rag.store.registry import resolve_store
from semtoken_rag.store.tiered import TieredStore
from tests.support.byte_stores import check_byte_store
from tests.support.samples import QUERY, TEXTS

redis = pytest.importorskip("redis", reason="needs the extra redis")
SERVER = shutil.which("redis-server")

pytestmark = [
    pytest.mark.skipif(SERVER is None, reason="needs redis-server (Debian: apt install redis-server)"),
    pytest.mark.enable_socket,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("redis")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": folder}
    command = [str(SERVER), *(str(word) for name, value in options.items() for word in (f"--{name}", value))]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield wait(f"redis://127.0.0.1:{port}", process, folder / "log")
        finally:
            process.terminate()


def wait(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    with redis.Redis.from_url(url) as client:
        for _ in range(300):
            try:
                client.ping()
            except redis.ConnectionError:
                if process.poll() is not None:
                    break
                time.sleep(0.1)
            else:
                return url
    pytest.fail(f"redis-server did not start: {log.read_text()[-500:]}")


@pytest.fixture
def url(server: str) -> str:
    with redis.Redis.from_url(server) as client:
        client.flushall()
    return server


def test_the_interface_is_that_of_a_byte_store(url: str):
    store = pickle.loads(pickle.dumps(RedisStore(url, prefix="a:")))
    RedisStore(url, prefix="b:").mset([("elsewhere", b"1")])
    check_byte_store(store)


def test_warm_and_cold_give_the_same_bytes(url: str):
    texts = list(TEXTS.values())
    expected = SemToken(encoder="static").compress(texts, QUERY, max_tokens=20)
    assert isinstance(resolve_store(url), TieredStore)
    done = ingest(SemToken(encoder="static", store=url), texts)
    assert (done.chunks, done.new) == (len(texts), len(texts))
    other = SemToken(
        encoder="static", store=url, on_error="raise"
    )  # as in another process: its front is empty
    got = other.compress(texts, QUERY, max_tokens=20)
    assert (got.text, got.chunks, got.units) == (expected.text, expected.chunks, expected.units)
    assert got.stats.stored == len(texts)
    assert ingest(SemToken(encoder="static", store=url), texts).new == 0


def test_a_server_that_is_gone_is_passed_over_in_a_call_and_told_by_ingestion(caplog):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nobody listens
        url = f"redis://127.0.0.1:{unused.getsockname()[1]}"
        engine = SemToken(encoder="static", store=url, on_error="raise")
        texts = list(TEXTS.values())
        expected = SemToken(encoder="static").compress(texts, QUERY, max_tokens=20)
        with caplog.at_level(logging.WARNING):
            assert engine.compress(texts, QUERY, max_tokens=20).text == expected.text
        assert "could not be read" in caplog.text
        with pytest.raises(redis.ConnectionError):
            ingest(SemToken(encoder="static", store=url), texts)
