"""Reference rules that `evaluation.judge.rules` lacks, and the titles in front of the texts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import accumulate
from types import SimpleNamespace
from typing import Any

from evaluation.judge.inputs import Count, Factory
from evaluation.judge.protocol import minilm, peer
from evaluation.judge.rules import rule


def random_sentences(seed: int) -> Factory:
    """Return sentences in an order drawn from the seed and the question."""

    def draw(units: Sequence[Any], documents: Sequence[Any], query: str) -> list[int]:
        return random.Random(f"{seed} {query}").sample(range(len(units)), len(units))

    return rule(draw)


def chunk_rank(seed: int) -> Factory:
    """Return whole documents by mean-pooled MiniLM cosine while they fit, in source order."""

    def run(documents: Sequence[Any], query: str, budget: float, count: Count) -> list[Any]:
        asked, *vectors = minilm()([query, *(d.page_content for d in documents)])
        kept, used = set(), 0
        for i in sorted(range(len(documents)), key=lambda i: -float(asked @ vectors[i])):
            if used + (tokens := count(documents[i].page_content)) <= budget:
                kept.add(i)
                used += tokens
        return [documents[i] for i in sorted(kept)]

    return peer(run)


@peer
def whole(documents: Sequence[Any], query: str, budget: float, count: Count) -> list[Any]:
    """Return the first documents, whole, as long as they fit."""
    return _while_they_fit(documents, budget, count)


def _while_they_fit(documents: Sequence[Any], budget: float, count: Count) -> list[Any]:
    used = accumulate(count(d.page_content) for d in documents)
    return [d for d, tokens in zip(documents, used, strict=True) if tokens <= budget]


@peer
def whole_maxsim(documents: Sequence[Any], query: str, budget: float, count: Count) -> list[Any]:
    """Return whole documents by late interaction with the question, the default's encoder, as `whole` does.

    A score is the mean over the question's tokens of the best cosine in the document.
    """
    from evaluation.chain.remembered import remembered

    texts = [query, *(d.page_content for d in documents)]
    asked, *given = (e.vectors for e in remembered("auto").encode(texts, [""] * len(texts)))
    scores = [(asked @ vectors.T).max(1).mean() if len(vectors) else -1.0 for vectors in given]
    ordered = [documents[i] for i in sorted(range(len(documents)), key=lambda i: -scores[i])]
    return _while_they_fit(ordered, budget, count)


def titled(load: Callable[[int], Factory]) -> Callable[[int], Factory]:
    """Wrap a method so that it sees each title as a sentence and line of its own in front of the text.

    The budget stays the ratio of the tokens without titles; what is kept of a title counts in full.
    """

    def wrapped(seed: int) -> Factory:
        inner = load(seed)

        def factory(ratio: float, count: Count) -> Any:
            def compress_documents(documents: Sequence[Any], query: str, callbacks: Any = None) -> list[Any]:
                shown = [d.model_copy(update={"page_content": with_title(d)}) for d in documents]
                plain, full = (sum(count(d.page_content) for d in docs) for docs in (documents, shown))
                # The tiny rest keeps a budget that is a whole number from falling just below it.
                share = ratio * plain / full * (1 + 1e-9) if full else ratio
                return inner(share, count).compress_documents(shown, query)

            return SimpleNamespace(compress_documents=compress_documents)

        return factory

    return wrapped


def with_title(document: Any) -> str:
    """Text of a document with its title in front."""
    title = (document.metadata.get("title") or "").strip()
    if not title:
        return document.page_content
    return f"{title}{'' if title[-1] in '.!?' else '.'}\n{document.page_content}"
