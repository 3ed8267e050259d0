"""Reference rules: sentences in some order while they fit. ``--compressor evaluation.judge.rules:bm25``."""

from __future__ import annotations

import random as rng
import re
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

from evaluation.judge.inputs import Count, Factory, documents
from evaluation.judge.protocol import peer
from evaluation.metrics import gold, normalise

SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n+|$")

Unit = tuple[int, int, str]  # document, place in it, text
Key = Callable[[Sequence[Unit], Sequence[Any], str], Sequence[Any]]

_known: dict[tuple[str, str], dict[str, Any]] = {}


def sentences(given: Sequence[Any]) -> list[Unit]:
    """Cut documents into sentences; the sentences of one, joined, are its text."""
    units: list[Unit] = []
    for i, d in enumerate(given):
        ends = [0, *(m.end() for m in SENTENCE_END.finditer(d.page_content))]
        units += [(i, j, d.page_content[ends[j] : end]) for j, end in enumerate(ends[1:]) if ends[j] < end]
    return units


def rule(key: Key) -> Factory:
    """Make the factory that keeps sentences by rising ``key`` while each fits, in source order."""

    def run(given: Sequence[Any], query: str, budget: float, count: Count) -> list[Any]:
        units = sentences(given)
        kept: set[Unit] = set()
        used = 0
        for _, unit in sorted(zip(key(units, given, query), units, strict=True)):
            if used + (tokens := count(unit[2])) <= budget:
                kept.add(unit)
                used += tokens
        texts = ["".join(t for k, _, t in sorted(kept) if k == i) for i in range(len(given))]
        return [d.model_copy(update={"page_content": t}) for d, t in zip(given, texts, strict=True) if t]

    return peer(run)


@rule
def bm25(units: Sequence[Unit], given: Sequence[Any], query: str) -> list[float]:
    """rank_bm25's BM25Okapi with its defaults on lower-case words, statistics of the call alone."""

    def words(text: str) -> list[str]:
        return re.findall(r"\w+", text.lower())

    model = import_module("rank_bm25").BM25Okapi([words(t) or [""] for _, _, t in units])
    scores: list[float] = (-model.get_scores(words(query))).tolist()
    return scores


def inform(rows: Iterable[dict[str, Any]]) -> None:
    """Tell the oracle the rows that it will be asked, in place of those it knew."""
    _known.clear()
    _known.update({(row["question"], given[0].id): row for row in rows if (given := documents(row))})


@rule
def oracle(units: Sequence[Unit], given: Sequence[Any], query: str) -> list[int]:
    """Ceiling: gold sentences, then those with an answer, then the rest; it is told the rows by `inform`."""
    row = _known[query, given[0].id]
    marked = " ".join(map(normalise, gold(row)))
    answers = [a for a in map(normalise, row["answers"]) if a.strip()]

    def level(text: str) -> int:
        return 0 if text.strip() and text in marked else 1 if any(a in text for a in answers) else 2

    return [level(normalise(t)) for _, _, t in units]


@rule
def truncate(units: Sequence[Unit], given: Sequence[Any], query: str) -> list[int]:
    """Keep the order given."""
    return [0] * len(units)


@rule
def lead(units: Sequence[Unit], given: Sequence[Any], query: str) -> list[int]:
    """First sentences of all documents, then second ones."""
    return [j for _, j, _ in units]


@rule
def random(units: Sequence[Unit], given: Sequence[Any], query: str) -> list[int]:
    """Shuffle the sentences, the same way for the same question."""
    return rng.Random(query).sample(range(len(units)), len(units))
