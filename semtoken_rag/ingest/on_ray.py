"""Ingestion on many processes or machines with Ray Data, which schedules readers and workers and retries."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from semtoken_rag._internal.optional import require
from semtoken_rag.compressor import SemToken
from semtoken_rag.files import Skipped
from semtoken_rag.ingest.base import Source
from semtoken_rag.ingest.local import BATCH, IngestStats, OnProgress, annotate, batches
from semtoken_rag.ingest.messages import error_from_json, error_to_json
from semtoken_rag.ingest.open import open_source
from semtoken_rag.types import Chunk

PARTS = 4  # of the source for each worker: enough that no worker waits long for the last one
BLOCK = 2**20  # bytes that a reader hands on at a time; more would leave a small corpus to one worker


def ingest_ray(
    source: str | Path | Source,
    *,
    store: str,
    encoder: Any = "auto",
    workers: int | None = None,
    batch_size: int = BATCH,
    on_progress: OnProgress | None = None,
) -> IngestStats:
    """Fill a shared store with the fingerprints of a corpus, on a Ray cluster.

    Runs on the cluster that the process is connected to, else on the one that ``RAY_ADDRESS`` names, else on
    a cluster of this machine that is stopped at the end. What a worker stored before it died stays in the
    store. A batch whose worker dies is retried without limit. No chunk is stored twice, since its key follows
    from the chunk and the encoder.

    Parameters
    ----------
    source
        What `open_source` takes or returns. Every machine of the cluster must see it under the same path.
    store
        ``sqlite:///file`` on one machine, ``redis://host`` across machines.
    encoder
        As for `SemToken`; each worker makes its own.
    workers
        Actors that encode. None starts one per GPU, or one per CPU if the cluster has no GPU. A CPU worker
        uses one thread.
    batch_size
        Chunks that are encoded and written together, at least 1.
    on_progress
        Called with the sum so far after every batch.

    Returns
    -------
    IngestStats
        Sums over all workers. ``new`` and ``tokens`` leave out batches whose worker died before it reported
        them.

    Raises
    ------
    ValueError
        If an argument is bad, workers cannot share the store, or a row of the corpus is bad.
    ImportError
        If Ray Data is missing; the message names the extra.
    ConnectionError
        If no cluster can be reached or started.
    Exception
        Whatever the encoder or the store raises in a worker, or Ray itself. An error of a worker has the
        nearest built-in type, such as ConnectionError for an error of Redis.
    """
    batches((), batch_size)  # refuses a bad size here rather than in a worker
    address = _shared(store)
    corpus = open_source(source) if isinstance(source, str | Path) else source
    start, done = time.perf_counter(), IngestStats()
    require("ray.data", extra="ray")
    ray = require("ray", extra="ray")
    with _connected(ray), _quiet():
        _check_one_machine(ray, address)
        size, needs = _pool(ray, workers)
        parts = corpus.split(PARTS * size)
        data = (
            ray.data.from_items(range(len(parts)), override_num_blocks=len(parts))
            # Readers reserve no CPU: the workers may hold all of them, and would wait for a reader for ever.
            .flat_map(lambda row: _read(parts[row["item"]], batch_size), num_cpus=0)
            .map(
                Worker,
                fn_constructor_args=(encoder, address, "num_cpus" in needs),
                compute=ray.data.ActorPoolStrategy(size=size),
                **needs,
            )
        )
        context = data.context  # of this dataset alone
        context.target_max_block_size = BLOCK
        context.enable_progress_bars = context.print_on_execution_start = False
        for row in data.iter_rows():
            if error := row["error"]:
                raise error_from_json(error)
            done = replace(done.add(_stats(row["done"])), seconds=time.perf_counter() - start)
            if on_progress:
                on_progress(done)
    return done


class Worker:
    """An actor with an engine of its own, which fills the shared store.

    Parameters
    ----------
    encoder
        As for `SemToken`.
    store
        Address of the store.
    one_thread
        Whether the encoder uses one thread; otherwise it decides itself.
    """

    def __init__(self, encoder: Any, store: str, one_thread: bool) -> None:
        self._arguments, self._one_thread = {"encoder": encoder, "store": store}, one_thread

    @cached_property
    def engine(self) -> SemToken:
        """Made with the first batch, since Ray restarts an actor whose constructor fails without limit."""
        if self._one_thread:
            os.environ["TOKENIZERS_PARALLELISM"] = "false"
        engine = SemToken(**self._arguments)
        if self._one_thread and (torch := sys.modules.get("torch")):
            torch.set_num_threads(1)
        return engine

    def __call__(self, row: dict[str, str]) -> dict[str, str]:
        """Store the fingerprints of a batch of `_read`; return its counts as JSON, and an error or ""."""
        done, error = _stats(row["done"]), row["error"]
        if row["batch"] and not error:
            try:
                chunks = [Chunk(text, title=title) for text, title in json.loads(row["batch"])]
                done = annotate(self.engine, chunks)
            except Exception as failure:
                error = error_to_json(failure)
        return {"done": json.dumps(asdict(done)), "error": error}


def _stats(data: str) -> IngestStats:
    """Return counts that were written as JSON, or none."""
    read = json.loads(data or "{}")
    return IngestStats(**{**read, "skipped": tuple(Skipped(*each) for each in read.get("skipped", ()))})


def _read(part: Source, batch_size: int) -> Iterator[dict[str, str]]:
    """Yield a part batch by batch, each a list of (text, title) as JSON, and what it skips; an error ends it.

    A title here is all that stands before the text, headings too.

    JSON rather than Arrow's strings, which cannot hold every Python str. Errors are rows too: Ray would print
    one that is raised, wrap it, and add its own advice to the message.
    """
    try:
        for chunks in batches(part, batch_size):
            batch = json.dumps([(chunk.text, chunk.context) for chunk in chunks])
            yield {"batch": batch, "done": "", "error": ""}
        if skipped := getattr(part, "skipped", ()):
            yield {"batch": "", "done": json.dumps({"skipped": skipped}), "error": ""}
    except Exception as error:
        yield {"batch": "", "done": "", "error": error_to_json(error)}


def _shared(store: Any) -> str:
    """Return the address of a store that outlives a process, as every process of a machine can use it."""
    scheme = store.partition("://")[0] if isinstance(store, str) else ""
    if scheme in ("redis", "rediss"):
        return str(store)
    if scheme == "sqlite" and (file := store.removeprefix("sqlite:///")) not in ("", store):
        return f"sqlite:///{Path(file).absolute()}"
    raise ValueError(f"store must be sqlite:///file or redis://host, which workers share, got {store!r:.80}")


def _check_one_machine(ray: Any, store: str) -> None:
    """Refuse a file if there are several machines: SQLite's log does not work over a network."""
    hosts = sorted({node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]})
    if store.startswith("sqlite") and len(hosts) > 1:
        raise ValueError(f"store must be redis://host on several machines, {hosts}, got {store!r}")


def _pool(ray: Any, workers: int | None) -> tuple[int, dict[str, int]]:
    """Return the number of actors, and what each one reserves of the cluster."""
    there = ray.cluster_resources()
    kind, needs = ("GPU", "num_gpus") if there.get("GPU", 0) >= 1 else ("CPU", "num_cpus")
    most = int(there.get(kind, 0))
    if not 1 <= (size := most if workers is None else workers) <= most:
        raise ValueError(f"workers must be in [1, {most}], one a {kind} of the cluster, got {size!r}")
    return size, {needs: 1}


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    """Connect to a cluster or start one, unless the process is connected already."""
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
