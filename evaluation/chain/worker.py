"""One worker: a method on all its corpora, in a process of its own.

Started by `evaluation.chain`, with the job as JSON on standard input.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from evaluation.bench.methods import Method, get
from evaluation.bench.references import titled
from evaluation.bench.worker import mean, reason
from evaluation.chain import corpus
from evaluation.chain.config import Key, Pool, key
from evaluation.chain.corpus import Asked
from evaluation.data.sets import rows
from evaluation.judge.inputs import Count, Factory, counter
from evaluation.results import Result, write
from evaluation.system import machine, versions

MOST = 100  # chunks that are ranked for each question

Fill = Callable[[Asked, int, int], str]  # question, number of chunks, budget -> context


def questions(folder: Path, pool: Pool, out: Path) -> list[Asked]:
    """Return the questions of a corpus with their `MOST` best chunks.

    Parameters
    ----------
    folder
        Of the data.
    pool
        The corpus.
    out
        Folder of the results, where the order of the chunks is written: it is the same for every method.

    Raises
    ------
    ValueError
        If the corpus answers none.
    """
    given = rows(folder, pool.set)[: pool.n]
    chunks = corpus.pool(given, corpus.splitter_of(pool.splitter), pool.titles)
    if not (known := corpus.answerable(given, chunks)):
        raise ValueError(f"no question of {pool.set} has its answer in the corpus")
    asked = [row["question"] for row, _ in known]
    texts = "\0".join([*asked, *(c.page_content for c in chunks)])
    path = out / "ranks" / f"{hashlib.sha256(texts.encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, corpus.rank(asked, chunks, MOST).astype(np.int32))
    return corpus.ask(known, chunks, np.load(path))


def fill_of(method: Method, titles: bool, count: Count) -> Fill:
    """Return how a method fills a budget; a peer reads titles, if there are any, in the text."""
    load = titled(method.load) if titles and not method.titles and method.kind == "peer" else method.load
    make: Factory = _remembering(method) if method.kind == "own" else load(0)

    def fill(asked: Asked, k: int, budget: int) -> str:
        given = list(asked.ranked[:k])
        size = sum(count(d.page_content) for d in given)
        ratio = min(1.0, budget * (1 + 1e-9) / size)  # so that rounding takes no token
        found = make(ratio, count).compress_documents(given, asked.question)
        return "\n".join(d.page_content for d in found)

    return fill


def _remembering(method: Method) -> Factory:
    from evaluation.chain.remembered import remembered

    compressor = import_module("langchain_semtoken").SemTokenCompressor
    settings = {**method.settings, "encoder": remembered(method.settings.get("encoder", "auto"))}
    return lambda ratio, count: compressor(ratio=ratio, token_counter=count, on_error="raise", **settings)


def measure(fill: Fill, asked: Sequence[Asked], k: int, budget: int, count: Count) -> dict[str, Any]:
    """Return the figures of a method on the best ``k`` chunks of each question, at a budget in tokens."""
    texts = [fill(one, k, budget) for one in asked]
    scores = [one.score(text) for one, text in zip(asked, texts, strict=True)]
    used = [count(text) for text in texts]
    values = {"answer": [s[0] for s in scores], "chain": [s[1] for s in scores]}
    return {
        "questions": len(asked),
        "means": {name: mean(column) for name, column in values.items()}
        | {"tokens": round(float(np.mean(used)), 1)},
        "overshoot": max(0, max(used) - budget),
        "values": values,
    }


def results(job: Mapping[str, Any], method: Method, pool: Pool, keys: Sequence[Key]) -> Iterator[Result]:
    """Yield the result of each key of a corpus; a failure is a result with its reason."""
    about = {"method": method.name, "about": method.about, "query_aware": method.query_aware}
    about |= {"versions": versions(method.packages), "machine": machine(), **asdict(pool)}
    count = functools.cache(counter())
    for *_, k, budget, _ in keys:
        try:
            asked = _questions(Path(job["data"]), pool, Path(job["out"]))
            fill = _fill_of(method, pool.titles, count)
            found = {"status": "ok", **measure(fill, asked, k, budget, count)}
        except Exception as error:
            if not isinstance(error, ImportError):
                traceback.print_exc()
            found = {"status": "failed", "reason": reason(error)}
        yield {**about, "k": k, "budget": budget, **found}


_questions = functools.lru_cache(1)(questions)
_fill_of = functools.lru_cache(1)(fill_of)


def main() -> None:
    """Measure the cells of the job, corpus by corpus, and write each at once."""
    job = json.load(sys.stdin)
    method = get(job["method"])
    with tqdm(total=sum(len(keys) for _, keys in job["pools"]), desc=method.name, disable=None) as bar:
        for given, keys in job["pools"]:
            for result in results(job, method, Pool(**given), keys):
                write(Path(job["out"]), method.name, [result], key=key)
                bar.update()


if __name__ == "__main__":
    main()
