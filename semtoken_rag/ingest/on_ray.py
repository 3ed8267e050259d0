"""Ingestion on many processes or machines, with Ray."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from semtoken_rag._optional import require
from semtoken_rag.ingest.local import BATCH, IngestStats, OnProgress, batches
from semtoken_rag.ingest.messages import error_from_json
from semtoken_rag.ingest.open import open_source
from semtoken_rag.ingest.ray_pipeline import Pool, build

PARTS = 4  # of the source for each worker: enough that none waits for long for the last one


def ingest_ray(
    source: str | Path,
    *,
    store: str,
    encoder: Any = "auto",
    workers: int | None = None,
    batch_size: int = BATCH,
    on_progress: OnProgress | None = None,
) -> IngestStats:
    """Fill a shared store with the fingerprints of a corpus, on a Ray cluster.

    Runs on the cluster that the process is connected to, else on the one that ``RAY_ADDRESS`` names, else on
    one of this machine, which is stopped at the end. What a worker did before it died is in the store, and
    its batch is tried again, for ever where it kills every worker. Nothing is there twice: a key follows from
    the chunk and the encoder.

    Parameters
    ----------
    source
        See `open_source`. Every machine of the cluster must see it under the same path.
    store
        ``sqlite:///file`` on one machine, ``redis://host`` across machines.
    encoder
        As for `SemToken`; each worker makes its own.
    workers
        Actors that encode; None takes one a GPU, or one a CPU where the cluster has no GPU. One of a CPU runs
        one thread.
    batch_size
        Chunks that are encoded and written together.
    on_progress
        Called with the sum so far after every batch.

    Returns
    -------
    Ingested
        ``new`` and ``tokens`` leave out what workers did that died before they could tell.

    Raises
    ------
    ValueError
        For a bad argument, a store that workers cannot share, and a bad row.
    ImportError
        Where Ray Data is missing; names the extra.
    ConnectionError
        Where there is no cluster, and none can be started.
    Exception
        Whatever the encoder or the store raises in a worker, or Ray itself.
    """
    batches((), batch_size)  # refuses a bad size here rather than in a worker
    address, corpus = _shared(store), open_source(source)
    start, done = time.perf_counter(), IngestStats()
    require("ray.data", extra="ray")
    ray = require("ray", extra="ray")
    with _connected(ray), _quiet():
        _one_machine(ray, address)
        pool = _pool(ray, workers)
        pipeline = build(ray, corpus.split(PARTS * pool.size), batch_size, pool, (encoder, address))
        for row in pipeline.iter_rows():
            if row["error"]:
                raise error_from_json(row["error"])
            done = done.plus(row["chunks"], row["new"], row["tokens"])
            done = replace(done, seconds=time.perf_counter() - start)
            if on_progress:
                on_progress(done)
    return done


def _shared(store: Any) -> str:
    """Return the address of a store that outlives a process, as every process of a machine can use it."""
    scheme = store.partition("://")[0] if isinstance(store, str) else ""
    if scheme in ("redis", "rediss"):
        return str(store)
    if scheme == "sqlite" and (file := store.removeprefix("sqlite:///")) not in ("", store):
        return f"sqlite:///{Path(file).absolute()}"
    raise ValueError(f"store must be sqlite:///file or redis://host, which workers share, got {store!r:.80}")


def _one_machine(ray: Any, store: str) -> None:
    """Refuse a file where there are several machines: SQLite's log does not work over a network."""
    hosts = sorted({node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]})
    if store.startswith("sqlite") and len(hosts) > 1:
        raise ValueError(f"store must be redis://host on several machines, {hosts}, got {store!r}")


def _pool(ray: Any, workers: int | None) -> Pool:
    there = ray.cluster_resources()
    kind, needs = ("GPU", "num_gpus") if there.get("GPU", 0) >= 1 else ("CPU", "num_cpus")
    most = int(there.get(kind, 0))
    if not 1 <= (size := most if workers is None else workers) <= most:
        raise ValueError(f"workers must be in [1, {most}], one a {kind} of the cluster, got {size!r}")
    return Pool(size, {needs: 1})


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    """Connect to a cluster or start one, unless the caller has one."""
    if ray.is_initialized():
        yield
        return
    alone = {} if os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **alone)
    except Exception as error:  # Ray's are of the base class
        raise ConnectionError(f"Ray could not be reached or started: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Ray Data's log to errors: it also warns of settings that were made on purpose."""
    log = logging.getLogger("ray.data")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
