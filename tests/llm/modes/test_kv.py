from __future__ import annotations

import pytest
import torch

from semtoken_rag.llm import KV, HeavyHitters, KVBudget, SpanRelevance
from semtoken_rag.llm.kv.plan import SINKS
from semtoken_rag.llm.modes import kv
from tests.llm.readers import reader
from tests.llm.samples import ALL, CHUNKS, PART, QUESTION, context, tokenizer


@pytest.mark.parametrize("prune", ["prompt", "context", None])
@pytest.mark.parametrize("policy", [None, SpanRelevance(), HeavyHitters()])
def test_kv_that_keeps_all_answers_as_text(model, prune, policy):
    made, mode = reader(model), KV(prune=prune, policy=policy, every=2)
    text = made.generate(QUESTION, context(ALL), chunks=CHUNKS)
    pruned = made.generate(QUESTION, context(ALL), mode=mode, chunks=CHUNKS)
    assert text.ids == pruned.ids
    assert text.stats.kv_bytes == pruned.stats.kv_bytes


def test_kv_reads_all_and_holds_what_is_kept(llama):
    made = reader(llama)
    text = made.generate(QUESTION, context(PART))
    pruned = made.generate(QUESTION, context(PART), mode="kv", chunks=CHUNKS)
    assert pruned.stats.prompt_tokens > text.stats.prompt_tokens
    assert pruned.stats.kv_bytes == text.stats.kv_bytes
    first = pruned.state.decoder.cache.layers[0]
    assert first.index[0, 0, :4].tolist() == [0, 1, 2, 3]


def test_kv_pruned_after_the_context_asks_in_the_light_of_what_is_kept(llama):
    """The question's own keys differ from those of a question that saw everything, the context's do not."""
    made = reader(llama)
    whole = made.generate(QUESTION, context(PART), mode=KV(prune="prompt"), chunks=CHUNKS)
    part = made.generate(QUESTION, context(PART), mode=KV(), chunks=CHUNKS)
    a, b = (x.state.decoder.cache.layers[-1] for x in (whole, part))
    assert torch.equal(a.index, b.index)
    asked = len(tokenizer()(f"Question: {QUESTION}\nAnswer:").input_ids) + 12 - 1
    torch.testing.assert_close(a.keys[:, :, :-asked], b.keys[:, :, :-asked], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(a.keys[:, :, -asked:], b.keys[:, :, -asked:], atol=1e-3)


def test_a_budget_in_bytes_holds_while_generating(llama):
    budget = KVBudget(bytes=3 * 2 * 2 * 8 * 4 * 30)
    mode = KV(policy=SpanRelevance(), budget=budget, every=1, recent=1, offload=True)
    answer = reader(llama).generate(QUESTION, context(ALL), mode=mode, chunks=CHUNKS)
    assert answer.stats.kv_bytes <= budget.bytes
    assert answer.stats.host_bytes > answer.stats.kv_bytes
    assert answer.state.decoder.cache.kv_bytes <= budget.bytes


def test_keys_that_cannot_move_need_source_positions(llama):
    llama.model.rotary_emb.rope_type = "dynamic"
    made = reader(llama)
    with pytest.raises(ValueError, match="positions='source'"):
        made.stream(QUESTION, context(PART), mode="kv")
    assert made.generate(QUESTION, context(PART), mode=KV(positions="source")).ids


@pytest.mark.parametrize("prune", ["prompt", "context"])
def test_kept_tokens_stand_together_in_the_cache(model, prune, monkeypatch):
    """Where the first chunk leaves, the answer is that of moved positions: the next one follows the last."""
    monkeypatch.setattr(kv, "SINKS", 0)  # all of what is kept moves by the same
    keep = [[], *ALL[1:]]
    made, modes = reader(model), (KV(prune=prune, positions="source"), KV(prune=prune))
    a, b = (made.generate(QUESTION, context(keep), mode=mode, chunks=CHUNKS) for mode in modes)
    assert a.ids == b.ids  # nothing but the places of all that is kept has changed, and all by the same
    shift = b.state.decoder.cache.position_shift
    assert a.state.decoder.position - b.state.decoder.position == shift > 0
    assert a.stats.kv_bytes == b.stats.kv_bytes
    assert b.state.decoder.cache.layers[1].index[0, 0, 0] == 0  # a layer without a window
    second = [made.generate("Why?", previous=first).ids for first in (a, b)]
    assert second[0] == second[1]


def test_the_first_tokens_of_the_prompt_stay_in_the_cache(llama):
    """Attention rests on them, whatever they say; without a chat template they are the first chunk's."""
    mode = KV(positions="source")
    given = reader(llama).generate(QUESTION, context([[], *ALL[1:]]), mode=mode, chunks=CHUNKS)
    index = given.state.decoder.cache.layers[1].index[0, 0].tolist()
    assert index[:SINKS] == list(range(SINKS))
    assert index[SINKS] > SINKS  # the rest of that chunk is gone


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"positions": "middle"}, "positions"),
        ({"prune": "never"}, "prune"),
        ({"budget": KVBudget(tokens=9)}, "policy"),
        ({"offload": True}, "policy"),
        ({"every": 0}, "every"),
        ({"recent": -1}, "recent"),
    ],
)
def test_arguments_out_of_range(wrong, word):
    with pytest.raises(ValueError, match=word):
        KV(**wrong)
