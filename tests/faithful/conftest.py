"""An engine with the table that is in the wheel, for all kinds of documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from semtoken_rag import Config, SemToken

Sweep = Callable[..., Iterator[str]]


@pytest.fixture(scope="session")
def engine() -> SemToken:
    return SemToken(store="memory://", on_error="raise")


@pytest.fixture(scope="session")
def sweep(engine: SemToken) -> Sweep:
    """What is kept of a text at each of many budgets, from a few tokens to nearly all."""

    def over(text: str, question: str, low: float = 0.05, high: float = 0.95) -> Iterator[str]:
        whole = engine.counter.count(text)
        for limit in range(max(3, int(low * whole)), int(high * whole) + 1, max(1, whole // 40)):
            yield engine.compress([text], question, max_tokens=limit).text

    return over


@pytest.fixture(scope="session")
def unmarked() -> SemToken:
    return SemToken(store="memory://", config=Config(gap=" "), on_error="raise")
