"""Ingestion on a cluster of two Ray nodes of this machine, one of whose workers dies."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from importlib import import_module
from pathlib import Path

import pytest

from semtoken_rag import SemToken
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.ingest import ingest_ray, open_source
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.store.sqlite import SQLiteStore

pytestmark = [
    pytest.mark.slow,
    pytest.mark.enable_socket,
    # What Ray holds against its own code or leaves to the garbage collector; not what it tells its callers.
    pytest.mark.filterwarnings(r"ignore:::ray\."),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

N = 400


@pytest.fixture(scope="module")
def ray():
    """Start two nodes and connect to them; return the module."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="ray") as folder:
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # read at import: listen to this machine alone
        patch.setenv("RAY_TMPDIR", folder)  # a short path, as sockets need
        pytest.importorskip("ray.data", reason="needs the extra ray")
        module, utils = import_module("ray"), import_module("ray.cluster_utils")
        node = {"object_store_memory": 80 * 2**20, "num_cpus": 1}
        head = {**node, "include_dashboard": False}
        cluster = utils.Cluster(initialize_head=True, head_node_args=head)
        try:
            cluster.add_node(**node)
            module.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
            assert len(module.nodes()) == 2
            yield module
        finally:
            module.shutdown()
            cluster.shutdown()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "towns.jsonl"
    rows = [
        {"text": f"Town {i} \ud800 lies by the sea. " + "It is old. " * 30, "title": "Towns"}
        for i in range(N)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def mortal(flag: Path):
    """Return the static encoder, which ends the process that uses it third, once."""

    class Mortal:  # inside a function, so that it is sent as a whole: workers cannot import this file
        name = resolve_encoder("static").name
        fingerprint = resolve_encoder("static").fingerprint
        calls = 0

        def encode(self, texts, titles):
            from semtoken_rag.encoders.registry import resolve_encoder

            self.calls += 1
            if self.calls == 3:
                try:
                    flag.touch(exist_ok=False)
                except FileExistsError:
                    pass
                else:
                    os._exit(1)
            return resolve_encoder("static").encode(texts, titles)

        def count(self, text):
            from semtoken_rag.encoders.registry import resolve_encoder

            return resolve_encoder("static").count(text)

    return Mortal()


def failing():
    class Failing:
        name = "failing"

        def encode(self, texts, titles):
            raise OSError("the encoder is gone")

        def count(self, text):
            return 1

    return Failing()


def values(store) -> dict[str, bytes]:
    keys = sorted(store.yield_keys())
    return dict(zip(keys, store.mget(keys), strict=True))


def test_a_worker_that_dies_leaves_nothing_out(ray, corpus: Path, tmp_path: Path):
    flag, seen = tmp_path / "died", []
    done = ingest_ray(
        corpus,
        store=f"sqlite:///{tmp_path}/store.db",
        encoder=mortal(flag),
        batch_size=10,
        on_progress=seen.append,
    )
    assert flag.exists(), "no worker died"
    assert done.chunks == N
    assert N - 20 <= done.new <= N  # two batches were stored before it died, and not made again
    assert [progress.chunks for progress in seen] == sorted(progress.chunks for progress in seen)
    assert seen[-1] == done
    there, store = values(SQLiteStore(tmp_path / "store.db")), MemoryStore()
    SemToken(encoder="static", store=store).annotate(list(open_source(corpus)))
    assert there == values(store)
    again = ingest_ray(corpus, store=f"sqlite:///{tmp_path}/store.db", encoder="static", workers=1)
    assert (again.chunks, again.new) == (N, 0)


def test_errors_come_back_as_they_were(ray, corpus: Path, tmp_path: Path, capfd):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "a"}\n{"text": 5}\n')
    url = f"sqlite:///{tmp_path}/store.db"
    with pytest.raises(ValueError, match=r"bad\.jsonl, line 2: text must be a str, got 5$"):
        ingest_ray(bad, store=url, encoder="static", workers=1)
    with pytest.raises(OSError, match=r"^the encoder is gone$"):
        ingest_ray(corpus, store=url, encoder=failing(), workers=1)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_more_workers_than_the_cluster_has_room_for(ray, corpus: Path, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/store.db"
    with pytest.raises(ValueError, match=r"workers must be in \[1, 2\], one a CPU of the cluster, got 3"):
        ingest_ray(corpus, store=url, workers=3)


def test_a_file_is_refused_on_several_machines(ray, corpus: Path, tmp_path: Path, monkeypatch):
    nodes = [{"NodeManagerHostname": name, "Alive": name != "c"} for name in "abc"]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    with pytest.raises(ValueError, match=r"several machines, \['a', 'b'\], got 'sqlite:///"):
        ingest_ray(corpus, store=f"sqlite:///{tmp_path}/store.db")
