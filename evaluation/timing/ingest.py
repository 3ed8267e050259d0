"""Throughput of ingestion: ``python -m evaluation.timing.ingest --data FOLDER``.

Prints, for the different documents of a set and for each encoder, the tokens a second of a run into an empty
SQLite file and of one into the same file, now full, by a new engine; and the bytes that a token takes.
Then Ray: for each number of workers, of one CPU and one thread each, the time of a run into an empty file,
and that of one into the full file, which is the cost of everything but the work: actors, models, reading.
Their difference gives the tokens a second of the workers, and those the ratio.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evaluation.data import options
from evaluation.data.sets import chunks, rows, values
from semtoken_rag import Chunk, SemToken
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.ingest import IngestStats, ingest, ingest_ray, open_source
from semtoken_rag.store.sqlite import SQLiteStore


def documents(folder: Path, name: str, n: int | None) -> list[Chunk]:
    """Different documents of a set, the first ``n``."""
    found = {(chunk.text, chunk.title): chunk for row in rows(folder, name) for chunk in chunks(row)}
    return list(found.values())[:n]


def written(path: Path, corpus: Sequence[Chunk]) -> Path:
    """Write a corpus as JSON Lines."""
    lines = (json.dumps({"text": chunk.text, "title": chunk.title}) for chunk in corpus)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@contextmanager
def file() -> Iterator[Path]:
    """Give a file for a store, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "store.db"


def local(encoder: str, source: Path) -> tuple[IngestStats, IngestStats, int]:
    """Ingest into an empty store and again into the full one; return both and the bytes of the values."""
    with file() as path:
        cold, full = (
            ingest(SemToken(encoder=encoder, store=f"sqlite:///{path}"), open_source(source))
            for _ in range(2)
        )
        return cold, full, values(SQLiteStore(path))


def on_ray(encoder: str, source: Path, workers: int) -> tuple[IngestStats, IngestStats]:
    """Do the same on Ray."""
    with file() as path:
        url = f"sqlite:///{path}"
        cold, full = (ingest_ray(source, store=url, encoder=encoder, workers=workers) for _ in range(2))
        return cold, full


def print_local(encoder: str, source: Path, tokens: int, rounds: int) -> None:
    """Measure one encoder in this process and print the medians."""
    resolve_encoder(encoder).encode(["warm up"], [""])
    runs = [local(encoder, source) for _ in range(rounds)]
    cold, full = (statistics.median(tokens / run[i].seconds for run in runs) for i in (0, 1))
    size = runs[0][2] / tokens
    print(f"{encoder:10s} cold {cold:10,.0f} tokens/s   full {full:12,.0f} tokens/s   {size:.0f} bytes/token")


def print_ray(encoder: str, source: Path, tokens: int, workers: Sequence[int], rounds: int) -> None:
    """Measure numbers of workers on a cluster of this machine and print the ratios to the first."""
    import ray

    ray.init(num_cpus=max(workers), include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    first = 0.0
    for count in workers:
        runs = [on_ray(encoder, source, count) for _ in range(rounds)]
        cold, full = (statistics.median(run[i].seconds for run in runs) for i in (0, 1))
        rate = tokens / max(cold - full, 1e-9)
        first = first or rate
        print(
            f"{encoder:10s} {count} Ray workers: {cold:.1f} s, of which {full:.1f} s are not work; "
            f"{rate:,.0f} tokens/s, {rate / first:.2f} times that of {workers[0]}"
        )
    ray.shutdown()


def main() -> None:
    """Measure and print."""
    parser = options.data_parser(__doc__, set="xquad_en")
    parser.add_argument("--n", type=int, help="documents; all by default")
    parser.add_argument("--encoders", nargs="*", default=["static", "auto"])
    parser.add_argument("--workers", nargs="*", type=int, default=[1, 2], help="none: without Ray")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    corpus = documents(args.data, args.set, args.n)
    tokens = sum(resolve_encoder("static").count(chunk.text) for chunk in corpus)
    print(f"{args.set}: {len(corpus)} documents, {tokens} tokens; medians of {args.rounds}")
    with tempfile.TemporaryDirectory() as folder:
        source = written(Path(folder) / "corpus.jsonl", corpus)
        for encoder in args.encoders:
            print_local(encoder, source, tokens, args.rounds)
        if args.workers:
            print_ray(args.encoders[-1], source, tokens, args.workers, args.rounds)


if __name__ == "__main__":
    main()
