from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

from semtoken_rag.llm.generate import SemTokenLLM
from semtoken_rag.llm.policy import SpanRelevance
from semtoken_rag.llm.reuse import ChunkStore
from semtoken_rag.llm.rope import rotations
from semtoken_rag.llm.settings import Settings
from semtoken_rag.llm.shown import whole
from tests.llm.samples import ALL, CHUNKS, PART, QUESTION, context, tokenizer
from tests.llm.test_generate import reader
from tests.llm.test_kv import CLOSE, dense


def test_moved_keys_are_those_computed_there(model, ids):
    caches = []
    for first in (0, 17):
        cache = DynamicCache()
        with torch.no_grad():
            model(ids, position_ids=torch.arange(first, first + 40)[None], past_key_values=cache)
        caches.append(cache)
    for rotation, here, there in zip(rotations(model), *(c.layers for c in caches), strict=True):
        moved = rotation.move(here.keys, torch.full((40,), 17))
        torch.testing.assert_close(moved, there.keys, rtol=1e-3, atol=1e-3)


def test_positions_that_follow_the_length_do_not_move():
    rope = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}
    config = LlamaConfig(
        vocab_size=9, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
        rope_parameters=rope,
    )  # fmt: skip
    with pytest.raises(ValueError, match="dynamic"):
        ChunkStore(LlamaForCausalLM(config), tokenizer())


def with_store(model, chat=False, positions="packed", **setting) -> SemTokenLLM:
    made = reader(model, chat, positions=positions)
    store = ChunkStore(model, made.reader.tokenizer, **setting)
    return SemTokenLLM(
        model, made.reader.tokenizer, settings=replace(made.reader.settings, store=store, titles=False)
    )


@pytest.mark.parametrize("chat", [False, True])
def test_one_chunk_answers_as_if_read_whole(model, chat):
    one, all_of_it = CHUNKS[:1], context(ALL[:1], CHUNKS[:1])
    expected = reader(model, chat).generate(QUESTION, all_of_it, mode="kv", chunks=one)
    found = with_store(model, chat).generate(QUESTION, all_of_it, mode="kv", chunks=one)
    assert found.ids == expected.ids
    assert found.stats.prompt_tokens < expected.stats.prompt_tokens
    assert found.stats.kv_bytes == expected.stats.kv_bytes


def test_chunks_put_together_equal_dense_attention_within_each_chunk(model):
    """Without a prefix: a chunk sees itself, the question sees what is kept of all."""
    made = with_store(model, positions="source")
    store = made.reader.settings.store
    answer = made.generate(QUESTION, context(PART), mode="kv", chunks=CHUNKS)
    shown = whole(context(PART), CHUNKS)
    plan = store.plan(
        made.reader.template.build(QUESTION, shown, store.tokenizer), shown, titles=False, packed=False
    )
    assert plan.prefix == ()
    ids = [*(t for b in plan.blocks for t in b), *plan.suffix, *answer.ids]
    n, size = len(ids), len(plan.keep)
    visible = torch.ones(n, n, dtype=torch.bool)
    block = torch.tensor([i for i, b in enumerate(plan.blocks) for _ in b])
    visible[:size, :size] = block[:, None] == block
    visible[size:, :size] = torch.from_numpy(plan.keep)
    logits = dense(model, torch.tensor([ids]), visible)[0, size + len(plan.suffix) - 1 : -1]
    picked = logits.gather(1, torch.tensor(answer.ids)[:, None])[:, 0]
    torch.testing.assert_close(picked, logits.max(1).values, **CLOSE)


def test_kept_tokens_stand_together(llama):
    """The first chunk, which is dropped, leaves no gap in front of the second."""
    keep = [[], [(0, len(CHUNKS[1].text))], []]
    found = with_store(llama).generate(QUESTION, context(keep), mode="kv", chunks=CHUNKS)
    alone = with_store(llama).generate(
        QUESTION, context([keep[1]], CHUNKS[1:2]), mode="kv", chunks=CHUNKS[1:2]
    )
    assert found.ids == alone.ids
    assert found.state.decoder.position == alone.state.decoder.position


def test_a_chunk_is_read_once_and_only_if_anything_of_it_is_kept(llama):
    made = with_store(llama)
    store = made.reader.settings.store
    first = made.generate(QUESTION, context(PART), mode="kv", chunks=CHUNKS)
    assert (store.hits, store.misses) == (0, 2)
    again = made.generate(QUESTION, context(PART), mode="kv", chunks=CHUNKS)
    other = made.generate("Why?", context(ALL), mode="kv", chunks=CHUNKS)
    assert (store.hits, store.misses) == (4, 3)
    assert first.ids == again.ids != other.ids


def test_the_chunks_used_longest_ago_leave(llama):
    token = 3 * 2 * 2 * 8 * 4
    sizes = [len(tokenizer()(f"[{c.title}] {c.text}" if c.title else c.text).input_ids) for c in CHUNKS]
    made = with_store(llama, max_bytes=token * (sizes[1] + sizes[2]))
    store = made.reader.settings.store
    made.generate(QUESTION, context(ALL), mode="kv", chunks=CHUNKS)
    assert store.bytes == token * (sizes[1] + sizes[2])
    assert (store.hits, store.misses) == (0, 3)
    made.generate(QUESTION, context([[], [], [(0, 17)]]), mode="kv", chunks=CHUNKS)
    assert (store.hits, store.misses) == (1, 3)
    made.generate(QUESTION, context([[(0, 25)], [], []]), mode="kv", chunks=CHUNKS)
    assert (store.hits, store.misses) == (1, 4)


def test_chunks_that_are_not_moved_share_a_place(llama):
    still = with_store(llama, rotate=False)
    moved = with_store(llama)
    a = still.generate(QUESTION, context(ALL), mode="kv", chunks=CHUNKS)
    b = moved.generate(QUESTION, context(ALL), mode="kv", chunks=CHUNKS)
    assert a.stats.kv_bytes == b.stats.kv_bytes
    longest = len(tokenizer()(f"[{CHUNKS[0].title}] {CHUNKS[0].text}").input_ids)
    assert a.state.decoder.position == longest + a.stats.prompt_tokens + 12 - 1
    x, y = (s.state.decoder.cache.layers[0] for s in (a, b))
    torch.testing.assert_close(x.keys[:, :, :longest], y.keys[:, :, :longest])
    assert not torch.allclose(x.keys[:, :, longest:40], y.keys[:, :, longest:40], atol=1e-2)


def test_a_second_turn_goes_on_from_it(model):
    made = with_store(model)
    first = made.generate(QUESTION, context(PART), mode="kv", chunks=CHUNKS)
    second = made.generate("Why?", previous=first)
    assert len(second.ids) == 12
    assert second.state.decoder.position > first.stats.prompt_tokens + 12


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"max_bytes": 0}, "max_bytes")],
)
def test_store_arguments_out_of_range(llama, wrong, word):
    with pytest.raises(ValueError, match=word):
        ChunkStore(llama, tokenizer(), **wrong)


def test_a_store_takes_no_policy(llama):
    with pytest.raises(ValueError, match="policy"):
        Settings(store=ChunkStore(llama, tokenizer()), policy=SpanRelevance())


def test_a_prompt_too_long_is_not_read(llama):
    made = with_store(llama)
    chunk = replace(CHUNKS[0], text="It rained. " * 200)
    with pytest.raises(ValueError, match="positions"):
        made.stream(QUESTION, context([[(0, 10)]], (chunk,)), mode="kv", chunks=(chunk,))
    assert made.reader.settings.store.misses == 0
