from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from semtoken_rag.llm import KV, ChunkKVCache, SemTokenLLM, SpanRelevance
from semtoken_rag.llm.excerpts import full_excerpts
from semtoken_rag.llm.model import lock
from tests.llm.kv.test_cache import CLOSE, dense
from tests.llm.readers import reader
from tests.llm.samples import ALL, CHUNKS, PART, QUESTION, context, tokenizer


def test_positions_that_follow_the_length_do_not_move():
    rope = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}
    config = LlamaConfig(
        vocab_size=9, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
        rope_parameters=rope,
    )  # fmt: skip
    with pytest.raises(ValueError, match="dynamic"):
        ChunkKVCache(LlamaForCausalLM(config), tokenizer())


def caching(model, positions="packed", **setting) -> KV:
    return KV(positions=positions, chunk_cache=ChunkKVCache(model, tokenizer(), **setting))


@pytest.mark.parametrize("chat", [False, True])
def test_one_chunk_answers_as_if_read_whole(model, chat):
    one, all_of_it = CHUNKS[:1], context(ALL[:1], CHUNKS[:1])
    made = reader(model, chat)
    expected = made.generate(QUESTION, all_of_it, mode="kv", chunks=one)
    found = made.generate(QUESTION, all_of_it, mode=caching(model), chunks=one)
    assert found.ids == expected.ids
    assert found.stats.prompt_tokens < expected.stats.prompt_tokens
    assert found.stats.kv_bytes == expected.stats.kv_bytes


def test_chunks_put_together_equal_dense_attention_within_each_chunk(model):
    """Without a prefix: a chunk sees itself, the question sees what is kept of all."""
    made, mode = reader(model), caching(model, "source")
    answer = made.generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS)
    excerpts = full_excerpts(context(PART), CHUNKS)
    prompt = made.template.build(QUESTION, excerpts, tokenizer=made.tokenizer)
    parts = mode.chunk_cache.split_prompt(prompt, excerpts, titles=False, packed=False)
    assert parts.prefix == ()
    ids = [*(t for b in parts.blocks for t in b), *parts.suffix, *answer.ids]
    n, size = len(ids), len(parts.keep)
    visible = torch.ones(n, n, dtype=torch.bool)
    block = torch.tensor([i for i, b in enumerate(parts.blocks) for _ in b])
    visible[:size, :size] = block[:, None] == block
    visible[size:, :size] = torch.from_numpy(parts.keep)
    logits = dense(model, torch.tensor([ids]), visible)[0, size + len(parts.suffix) - 1 : -1]
    picked = logits.gather(1, torch.tensor(answer.ids)[:, None])[:, 0]
    torch.testing.assert_close(picked, logits.max(1).values, **CLOSE)


def test_kept_tokens_stand_together(llama):
    """The first chunk, which is dropped, leaves no gap in front of the second."""
    keep = [[], [(0, len(CHUNKS[1].text))], []]
    made, mode = reader(llama), caching(llama)
    found = made.generate(QUESTION, context(keep), mode=mode, chunks=CHUNKS)
    alone = made.generate(QUESTION, context([keep[1]], CHUNKS[1:2]), mode=mode, chunks=CHUNKS[1:2])
    assert found.ids == alone.ids
    assert found.state.decoder.position == alone.state.decoder.position


def test_a_chunk_is_read_once_and_only_if_anything_of_it_is_kept(llama):
    made, mode = reader(llama), caching(llama)
    store = mode.chunk_cache
    first = made.generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS)
    assert (store.hits, store.misses) == (0, 2)
    again = made.generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS)
    other = made.generate("Why?", context(ALL), mode=mode, chunks=CHUNKS)
    assert (store.hits, store.misses) == (4, 3)
    assert first.ids == again.ids != other.ids


def test_the_chunks_used_longest_ago_leave(llama):
    token = 3 * 2 * 2 * 8 * 4
    sizes = [len(tokenizer()(f"[{c.title}] {c.text}" if c.title else c.text).input_ids) for c in CHUNKS]
    made, mode = reader(llama), caching(llama, max_bytes=token * (sizes[1] + sizes[2]))
    store = mode.chunk_cache
    made.generate(QUESTION, context(ALL), mode=mode, chunks=CHUNKS)
    assert store.bytes == token * (sizes[1] + sizes[2])
    assert (store.hits, store.misses) == (0, 3)
    made.generate(QUESTION, context([[], [], [(0, 17)]]), mode=mode, chunks=CHUNKS)
    assert (store.hits, store.misses) == (1, 3)
    made.generate(QUESTION, context([[(0, 25)], [], []]), mode=mode, chunks=CHUNKS)
    assert (store.hits, store.misses) == (1, 4)


def test_chunks_that_are_not_moved_share_a_place(llama):
    made = reader(llama)
    a = made.generate(QUESTION, context(ALL), mode=caching(llama, rotate=False), chunks=CHUNKS)
    b = made.generate(QUESTION, context(ALL), mode=caching(llama), chunks=CHUNKS)
    assert a.stats.kv_bytes == b.stats.kv_bytes
    longest = len(tokenizer()(f"[{CHUNKS[0].title}] {CHUNKS[0].text}").input_ids)
    assert a.state.decoder.position == longest + a.stats.prompt_tokens + 12 - 1
    x, y = (s.state.decoder.cache.layers[0] for s in (a, b))
    torch.testing.assert_close(x.keys[:, :, :longest], y.keys[:, :, :longest])
    assert not torch.allclose(x.keys[:, :, longest:40], y.keys[:, :, longest:40], atol=1e-2)


def test_a_second_turn_goes_on_from_it(model):
    made, mode = reader(model), caching(model)
    first = made.generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS)
    second = made.generate("Why?", previous=first)
    assert len(second.ids) == 12
    assert second.state.decoder.position > first.stats.prompt_tokens + 12


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"max_bytes": 0}, "max_bytes")],
)
def test_arguments_out_of_range(llama, wrong, word):
    with pytest.raises(ValueError, match=word):
        ChunkKVCache(llama, tokenizer(), **wrong)


def test_a_cache_of_chunks_takes_no_policy(llama):
    with pytest.raises(ValueError, match="policy"):
        KV(chunk_cache=ChunkKVCache(llama, tokenizer()), policy=SpanRelevance())


def test_a_prompt_too_long_is_not_read(llama):
    made, mode = reader(llama), caching(llama)
    chunk = replace(CHUNKS[0], text="It rained. " * 200)
    with pytest.raises(ValueError, match="positions"):
        made.stream(QUESTION, context([[(0, 10)]], (chunk,)), mode=mode, chunks=(chunk,))
    assert mode.chunk_cache.misses == 0


def test_a_chunk_is_not_read_while_another_thread_has_the_model(llama):
    """Another thread's cache may be attached to it, and would take the chunk's tokens for its own."""
    made, read = reader(llama), threading.Event()

    def ask():
        made.generate(QUESTION, context(PART), mode=caching(llama), chunks=CHUNKS)
        read.set()

    thread = threading.Thread(target=ask)
    with lock(llama):
        thread.start()
        assert not read.wait(0.3)
    thread.join(30)
    assert read.is_set()


def test_threads_that_read_chunks_beside_kv_answers_give_the_same(llama):
    made, whole = reader(llama), context(PART)

    def ask(cached):
        mode = caching(llama) if cached else "kv"
        return made.generate(QUESTION, whole, mode=mode, chunks=CHUNKS).ids

    expected = {cached: ask(cached) for cached in (False, True)}
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(ask, [False, True] * 10))
    finally:
        sys.setswitchinterval(before)
    assert found == [expected[False], expected[True]] * 10


def test_the_former_place_of_a_cache_of_chunks_still_works(llama):
    cache = ChunkKVCache(llama, tokenizer())
    with pytest.warns(DeprecationWarning, match=r"KV\(chunk_cache=cache\)"):
        settings = replace(reader(llama).settings, store=cache)
    former = SemTokenLLM(llama, tokenizer(), template=reader(llama).template, settings=settings)
    answer = former.generate(QUESTION, context(PART), mode="kv", chunks=CHUNKS)
    mode = KV(chunk_cache=ChunkKVCache(llama, tokenizer()))
    assert answer.ids == reader(llama).generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS).ids
    assert cache.misses == 2
