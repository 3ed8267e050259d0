"""Many callers of one engine: the same results as one by one, and a bound on how many wait."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from langchain_semtoken import SemTokenCompressor
from semtoken_rag import Config, SemToken
from semtoken_rag.errors import Overloaded
from semtoken_rag.testing import HashEncoder
from tests.support.adapters import Adapter, LangChain, LlamaIndex, Passage
from tests.support.held import Held, until
from tests.support.samples import BREAD, PARIS, QUERY, ROME

CHUNKS = [BREAD, PARIS, ROME]
FULL = "Overloaded: 2 calls are under way"


@pytest.fixture
def held() -> Iterator[Held]:
    encoder = Held()
    yield encoder
    encoder.go.set()


@pytest.fixture(params=[LangChain(), LlamaIndex()], ids=lambda adapter: type(adapter).__name__)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return request.param


def compress(engine: SemToken) -> Any:
    return engine.compress(CHUNKS, QUERY, max_tokens=20)


@pytest.mark.parametrize("encoder", ["static", HashEncoder()])
@pytest.mark.parametrize("store", [None, "memory://", "sqlite"])
def test_64_coroutines_get_what_they_would_one_by_one(adapter: Adapter, encoder, store, tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/store.db" if store == "sqlite" else store
    fields: dict[str, Any] = {"encoder": encoder, "ratio": 0.3, "on_error": "raise"}
    passages = [Passage(f"{text} It is number {i}.", f"{i}") for i in range(8) for text in CHUNKS]
    jobs = [(passages[i % 20 : i % 20 + 4], f"{QUERY} {i % 11}" if i % 5 else "") for i in range(64)]
    alone = adapter.kinds[0](**fields, store=url and "memory://")
    together = adapter.kinds[0](**fields, store=url, max_calls=64, deadline=600)

    async def run() -> list[Any]:
        calls = (adapter.arun(together, [adapter.document(p) for p in some], q) for some, q in jobs)
        return await asyncio.gather(*calls)

    assert asyncio.run(run()) == [adapter.run(alone, [adapter.document(p) for p in s], q) for s, q in jobs]


def test_a_call_too_many_gets_the_static_encoders_result_at_once_flagged(held: Held) -> None:
    engine = SemToken(encoder=held, config=Config(max_calls=2))

    async def main() -> tuple[Any, ...]:
        first = [asyncio.create_task(engine.acompress(CHUNKS, QUERY, max_tokens=20)) for _ in range(2)]
        while held.entered < 2:
            await asyncio.sleep(0.005)
        over = [await engine.acompress(CHUNKS, QUERY, max_tokens=20) for _ in range(3)]
        held.go.set()
        return await asyncio.gather(*first), over, await engine.acompress(CHUNKS, QUERY, max_tokens=20)

    first, over, last = asyncio.run(main())
    expected = compress(SemToken(encoder="static"))
    assert [(r.text, r.stats.fallback, r.stats.encoder) for r in over] == [
        (expected.text, FULL, "static:static")
    ] * 3
    assert [(r.stats.fallback, r.stats.encoder) for r in (*first, last)] == [(None, "static:held")] * 3
    assert held.entered == 3


def test_threads_are_bounded_as_well(held: Held) -> None:
    engine = SemToken(encoder=held, config=Config(max_calls=2))
    with ThreadPoolExecutor(2) as pool:
        first = [pool.submit(compress, engine) for _ in range(2)]
        until(lambda: held.entered == 2)
        assert compress(engine).stats.fallback == FULL
        held.go.set()
        assert [job.result().stats.fallback for job in first] == [None, None]
    assert compress(engine).stats.fallback is None


def test_overload_is_raised_where_asked(held: Held) -> None:
    engine = SemToken(encoder=held, on_error="raise", config=Config(max_calls=1))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(compress, engine)
        until(lambda: held.entered)
        with pytest.raises(Overloaded, match="1 calls are under way"):
            compress(engine)
        with pytest.raises(Overloaded, match="1 calls are under way"):
            asyncio.run(engine.acompress(CHUNKS, QUERY, max_tokens=20))
        held.go.set()
        assert first.result().stats.fallback is None


def test_a_place_is_given_back_after_a_failure_and_after_a_cancellation() -> None:
    polite = Held(polite=True)
    engine = SemToken(encoder=polite, on_error="raise", config=Config(max_calls=1))

    async def cancelled() -> None:
        task = asyncio.create_task(engine.acompress(CHUNKS, QUERY, max_tokens=20))
        while not polite.entered:
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(cancelled())
    polite.go.set()
    assert compress(engine).stats.fallback is None
    polite.encode = lambda texts, titles: 1 / 0
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            compress(engine)


def test_any_number_may_wait_where_none_is_given(held: Held) -> None:
    engine = SemToken(encoder=held)

    async def main() -> list[Any]:
        calls = [asyncio.create_task(engine.acompress(CHUNKS, QUERY, max_tokens=20)) for _ in range(200)]
        while not held.entered:
            await asyncio.sleep(0.005)
        held.go.set()
        return await asyncio.gather(*calls)

    assert {(r.text, r.stats.fallback) for r in asyncio.run(main())} == {
        (compress(SemToken(encoder="static")).text, None)
    }
    assert len(held.threads) <= (os.cpu_count() or 1) + 4
    assert threading.get_ident() not in held.threads


def test_an_event_tells_of_the_overflow(held: Held) -> None:
    from langchain_core.callbacks import BaseCallbackHandler

    seen: list[Any] = []

    class Events(BaseCallbackHandler):
        def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
            seen.append(data["fallback"])

    compressor = LangChain.kinds[0](encoder=held, max_calls=2)
    assert isinstance(compressor, SemTokenCompressor)
    documents = [LangChain().document(Passage(text, str(i))) for i, text in enumerate(CHUNKS)]
    chain, given = compressor.as_runnable(), {"documents": documents, "query": QUERY}

    async def main() -> None:
        first = [asyncio.create_task(chain.ainvoke(given)) for _ in range(2)]
        while held.entered < 2:
            await asyncio.sleep(0.005)
        await chain.ainvoke(given, config={"callbacks": [Events()]})
        held.go.set()
        await asyncio.gather(*first)

    asyncio.run(main())
    assert seen == [FULL]


@pytest.mark.parametrize("bad", [0, -3])
@pytest.mark.parametrize("kind", [Config, *LangChain.kinds, *LlamaIndex.kinds])
def test_bad_bounds_show_the_value(kind: type, bad: int) -> None:
    with pytest.raises(ValueError, match=rf"max_calls[\s\S]*{bad}"):
        kind(max_calls=bad)
