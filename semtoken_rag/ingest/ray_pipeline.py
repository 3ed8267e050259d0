"""The Ray Data pipeline: readers, and a pool of actors that encode what they read into a shared store."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from semtoken_rag._optional import require
from semtoken_rag.compressor import SemToken
from semtoken_rag.ingest.base import Source
from semtoken_rag.ingest.local import BATCH, annotate, batches
from semtoken_rag.ingest.messages import error_to_json, part_from_json, part_to_json
from semtoken_rag.types import Chunk

BLOCK = 2**20  # bytes that a reader hands on at a time; more would keep a small corpus with one worker


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
        self._made_from, self._threads = (encoder, store), threads

    @cached_property
    def engine(self) -> SemToken:
        """Made with the first batch: Ray would start an actor that cannot be made over and over."""
        if self._threads == 1:
            os.environ["TOKENIZERS_PARALLELISM"] = "false"
        encoder, store = self._made_from
        engine = SemToken(encoder=encoder, store=store)
        if self._threads and (torch := sys.modules.get("torch")):
            torch.set_num_threads(self._threads)
        return engine

    def __call__(self, table: Any) -> dict[str, list[Any]]:
        """Ingest the rows of a table of `read`, and return one row with what became of them."""
        texts, titles, errors = (table[name].to_pylist() for name in ("text", "title", "error"))
        if failed := next(filter(None, errors), b""):
            return _row(error=failed)
        pairs = zip(map(_decode, texts), map(_decode, titles), strict=True)
        chunks = [Chunk(text, title=title) for text, title in pairs]
        try:
            new, tokens = annotate(self.engine, chunks)
        except Exception as error:
            return _row(error=error_to_json(error))
        return _row(len(chunks), new, tokens)


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

    An error is a row like any other, the exception as JSON: Ray would print it several times, wrap it and add
    its own advice. A worker that dies is started again, and its batch repeated, as often as it takes.

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
    items = [{"part": part_to_json(part)} for part in parts]
    data = ray.data.from_items(items, override_num_blocks=len(parts))
    # Readers take no CPU of their own: the workers may have taken all, and would wait for them for ever.
    rows = data.map_batches(read, batch_size=1, num_cpus=0)
    done = rows.map_batches(
        Worker,
        fn_constructor_args=(*made_from, pool.threads),
        batch_size=batch_size,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=pool.size),
        **pool.needs,
    )
    context = done.context  # of this pipeline alone
    context.target_max_block_size = BLOCK
    context.enable_progress_bars = context.print_on_execution_start = False
    return done


def read(batch: dict[str, Any]) -> Iterator[Any]:
    """Read parts; yield tables of binary columns, since Arrow's strings cannot hold every Python str."""
    try:
        for part in batch["part"]:
            for chunks in batches(part_from_json(part), BATCH):
                yield _table([(_encode(c.text), _encode(c.title), b"") for c in chunks])
    except Exception as error:
        yield _table([(b"", b"", error_to_json(error))])


def _table(rows: Sequence[tuple[bytes, bytes, bytes]]) -> Any:
    pyarrow = require("pyarrow", extra="ray")
    columns = zip(("text", "title", "error"), zip(*rows, strict=True), strict=True)
    return pyarrow.table({name: pyarrow.array(values, pyarrow.large_binary()) for name, values in columns})


def _row(chunks: int = 0, new: int = 0, tokens: int = 0, error: bytes = b"") -> dict[str, list[Any]]:
    return {"chunks": [chunks], "new": [new], "tokens": [tokens], "error": [error]}


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
