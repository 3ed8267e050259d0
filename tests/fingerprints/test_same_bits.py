"""A call gives the same, to the last bit, with every store, filled or empty, and without one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semtoken_rag import Chunk, SemToken
from semtoken_rag.encoders.onnx import OnnxEncoder
from semtoken_rag.encoders.words import WordEncoder

QUERY = "How tall is the Eiffel Tower?"
CHUNKS = [
    Chunk("Paris is the capital of France. The Eiffel Tower is 330 metres tall.", title="Paris"),
    Chunk("Bread is made of flour. The dough rests for an hour.\n- flour\n- water", title="Bread"),
    Chunk("| city | river |\n| --- | --- |\n| Rome | Tiber |\n| Paris | Seine |"),
    Chunk("The lifts of the tower were built in 1889. They carry 1,700 people an hour. " * 6),
    Chunk(""),
]
ENCODERS = {
    "auto": OnnxEncoder(),
    "two threads": OnnxEncoder(threads=2),
    "static": "static",
    "words": WordEncoder(lambda words: [[len(word), 1.0, ord(word[0]) % 7] for word in words], name="length"),
}


def langchain_store(_):
    return pytest.importorskip("langchain_core.stores").InMemoryByteStore()


STORES = {
    "none": lambda _: None,
    "memory": lambda _: "memory://",
    "sqlite": lambda folder: f"sqlite:///{folder}/fingerprints.db",
    "langchain": langchain_store,
}


def output(engine: SemToken, chunks, query, budget):
    got = engine.compress(chunks, query, max_tokens=budget)
    assert got.stats.fallback is None
    return got.text, got.chunks, got.units


@pytest.mark.parametrize("encoder", ENCODERS)
@settings(max_examples=10, deadline=None)
@given(
    taken=st.lists(st.sampled_from(CHUNKS), min_size=1, max_size=6),
    known=st.sets(st.integers(0, len(CHUNKS) - 1)),
    budget=st.integers(5, 80),
    query=st.sampled_from([QUERY, "Which river is in Rome?", None]),
)
def test_every_store_filled_or_empty_gives_what_none_gives(
    tmp_path_factory, encoder, taken, known, budget, query
):
    folder, found = tmp_path_factory.mktemp("store"), []
    for make in STORES.values():
        engine = SemToken(encoder=ENCODERS[encoder], store=make(folder), on_error="raise")
        if make is not STORES["none"]:
            engine.annotate([CHUNKS[i] for i in sorted(known)])
        found += [output(engine, taken, query, budget) for _ in range(2)]
    assert all(each == found[0] for each in found)


def test_one_thread_and_two_give_the_same():
    one, two = (SemToken(encoder=ENCODERS[name], on_error="raise") for name in ("auto", "two threads"))
    assert output(one, CHUNKS, QUERY, 30) == output(two, CHUNKS, QUERY, 30)


def test_calls_side_by_side_give_the_same():
    engine = SemToken(encoder=ENCODERS["two threads"], on_error="raise")
    alone = output(engine, CHUNKS, QUERY, 30)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: output(engine, CHUNKS, QUERY, 30) == alone, range(24))) == {True}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_gives_the_same():
    engine = SemToken(encoder=ENCODERS["two threads"], on_error="raise")
    before = output(engine, CHUNKS, QUERY, 30)
    child = os.fork()
    if not child:
        os._exit(0 if output(engine, CHUNKS, QUERY, 30) == before else 1)
    assert os.waitpid(child, 0)[1] == 0
