"""The Ray Data pipeline: readers, and a pool of actors that encode what they read into a shared store."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from semtoken_rag._optional import require
from semtoken_rag.compressor import SemToken
from semtoken_rag.ingest.batches import BATCH, annotate, batches
from semtoken_rag.ingest.parts import Source
from semtoken_rag.types import Chunk

BLOCK = 2**20  # bytes that a reader hands on at a time; more would keep a small corpus with one worker
RETRIES = 3  # of a batch whose worker died: one that kills every worker must come to an end


class Worker:
    """An actor: its own engine, which fills the shared store.

    Parameters
    ----------
    encoder, store
        As for `SemToken`.
    threads
        How many the encoder may use; None leaves that to it.
    """

    def __init__(self, encoder: Any, store: str, threads: int | None) -> None:
        if threads == 1:
            os.environ["TOKENIZERS_PARALLELISM"] = "false"
        self.engine = SemToken(encoder=encoder, store=store)
        if threads and (torch := sys.modules.get("torch")):
            torch.set_num_threads(threads)

    def __call__(self, table: Any) -> dict[str, list[int]]:
        """Ingest the rows of a table of `read`, and return one row with what became of them."""
        columns = ([_decode(value) for value in table[name].to_pylist()] for name in ("text", "title"))
        chunks = [Chunk(text, title=title) for text, title in zip(*columns, strict=True)]
        new, tokens = annotate(self.engine, chunks)
        return {"chunks": [len(chunks)], "new": [new], "tokens": [tokens]}


@dataclass(frozen=True, slots=True)
class Pool:
    """The actors of a pipeline.

    Attributes
    ----------
    size
        How many.
    needs
        What each one takes of the cluster: ``num_gpus`` or ``num_cpus``.
    """

    size: int
    needs: dict[str, int]

    @property
    def threads(self) -> int | None:
        """Threads of an actor; None where a GPU does the work."""
        return self.needs.get("num_cpus")


def build(ray: Any, parts: Sequence[Source], batch_size: int, pool: Pool, made_from: tuple[Any, str]) -> Any:
    """Return a dataset, not run yet, whose rows are those of `Worker`, one a batch.

    Parameters
    ----------
    ray
        The module, connected.
    parts
        Read side by side.
    batch_size
        Chunks of a batch.
    pool
        The workers.
    made_from
        Encoder and store of each.
    """
    items = [{"part": pickle.dumps(part)} for part in parts]
    data = ray.data.from_items(items, override_num_blocks=len(parts))
    # Readers take no CPU of their own: the workers may have taken all, and would wait for them for ever.
    rows = data.map_batches(read, batch_size=1, num_cpus=0)
    done = rows.map_batches(
        Worker,
        fn_constructor_args=(*made_from, pool.threads),
        batch_size=batch_size,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=pool.size),
        ray_remote_args_fn=lambda: {"max_restarts": -1, "max_task_retries": RETRIES},
        **pool.needs,
    )
    context = done.context  # of this pipeline alone
    context.target_max_block_size = BLOCK
    context.enable_progress_bars = context.print_on_execution_start = False
    context.raise_original_map_exception = True
    return done


def read(batch: dict[str, Any]) -> Iterator[Any]:
    """Read parts; yield tables of two binary columns, since Arrow's strings cannot hold every Python str."""
    pyarrow = require("pyarrow", extra="ray")
    kind = pyarrow.large_binary()
    for part in batch["part"]:
        for chunks in batches(pickle.loads(part), BATCH):
            texts, titles = [_encode(c.text) for c in chunks], [_encode(c.title) for c in chunks]
            yield pyarrow.table({"text": pyarrow.array(texts, kind), "title": pyarrow.array(titles, kind)})


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
