from __future__ import annotations

import copy

import pytest
import torch
import transformers
from transformers import DynamicCache

from semtoken_rag.llm.kv import Eviction, HeavyHitters, KVBudget, Plan, SpanCache, SpanRelevance
from semtoken_rag.llm.kv.attention import attach
from semtoken_rag.llm.kv.plan import PINNED
from semtoken_rag.llm.kv.rotary import rotations
from tests.llm.readers import NAMES, VOCABULARY, make

POLICIES = (
    SpanRelevance(),
    SpanRelevance(per_head=True, cosine=False),
    HeavyHitters(),
    HeavyHitters(per_head=False, last=8),
)
EVERYTHING = Eviction(SpanRelevance(), KVBudget(ratio=1.0))
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def feed(model, cache, ids, mask=None, position_ids=None):
    if position_ids is None:
        seen = cache.get_seq_length()
        position_ids = torch.arange(seen, seen + ids.shape[1])[None].expand(len(ids), -1)
    with torch.no_grad():
        return model(
            ids, attention_mask=mask, past_key_values=cache, position_ids=position_ids, use_cache=True
        ).logits


def dense(model, ids, visible):
    """Logits of one dense pass under a mask (q, n) on top of causality and of each layer's window."""
    n = ids.shape[1]
    visible = visible & torch.ones(n, n, dtype=torch.bool).tril()
    near = torch.ones(n, n, dtype=torch.bool).triu(1 - (getattr(model.config, "sliding_window", None) or n))
    least = torch.finfo(torch.float32).min
    added = {
        "full_attention": torch.zeros(n, n).masked_fill(~visible, least)[None, None],
        "sliding_attention": torch.zeros(n, n).masked_fill(~(visible & near), least)[None, None],
    }
    mask = added if model.config.model_type == "gemma3_text" else added["full_attention"]
    with torch.no_grad():
        return model(ids, attention_mask=mask, position_ids=torch.arange(n)[None], use_cache=False).logits


def spans(n: int, size: int = 5, pinned: int = 6) -> list[int]:
    """Spans of ``size`` tokens; the last ``pinned`` tokens are the question."""
    return [PINNED if i >= n - pinned else i // size for i in range(n)]


def kept(n: int) -> list[bool]:
    """Every third span."""
    return [s == PINNED or s % 3 == 0 for s in spans(n)]


def greedy(model, cache, ids, steps):
    out, logits = [], feed(model, cache, ids)
    for _ in range(steps):
        out.append(int(logits[0, -1].argmax()))
        logits = feed(model, cache, torch.tensor([out[-1:]]))
    return out


def test_without_a_plan_it_is_the_plain_cache(model, ids):
    reference = greedy(model, DynamicCache(config=model.config), ids, 12)
    with attach(model, SpanCache(model.config)) as cache:
        assert greedy(model, cache, ids, 12) == reference


@pytest.mark.parametrize("budget", [KVBudget(ratio=1.0), KVBudget(tokens=100)])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_whole_budget_is_no_compression(model, ids, policy, budget):
    reference = greedy(model, DynamicCache(config=model.config), ids, 12)
    plan = Plan.stack([spans(40)])
    with attach(model, SpanCache(model.config, plan, eviction=Eviction(policy, budget, every=2))) as cache:
        assert greedy(model, cache, ids, 12) == reference


def test_a_plan_that_keeps_all_is_no_compression(model, ids):
    reference = greedy(model, DynamicCache(config=model.config), ids, 12)
    with attach(model, SpanCache(model.config, Plan.stack([spans(40)], [[True] * 40]))) as cache:
        assert greedy(model, cache, ids, 12) == reference


def test_pruned_after_the_prompt_equals_dense_masked_attention(model, ids):
    more = torch.randint(3, VOCABULARY, (1, 7), generator=torch.Generator().manual_seed(2))
    with attach(model, SpanCache(model.config, Plan.stack([spans(40)], [kept(40)]))) as cache:
        first = feed(model, cache, ids)
        rest = torch.cat([feed(model, cache, more[:, i : i + 1]) for i in range(7)], 1)
    visible = torch.ones(47, 47, dtype=torch.bool)
    visible[40:, :40] = torch.tensor(kept(40))
    expected = dense(model, torch.cat([ids, more], 1), visible)
    torch.testing.assert_close(first, expected[:, :40], **CLOSE)
    torch.testing.assert_close(rest, expected[:, 40:], **CLOSE)


def test_pruned_before_the_question_and_a_second_turn(model, ids):
    """The plan covers the context alone: question, answer and a second turn see what is kept of it."""
    keep = [s % 3 == 0 for s in spans(28, pinned=0)]
    with attach(model, SpanCache(model.config, Plan.stack([spans(28, pinned=0)], [keep]))) as cache:
        parts = [ids[:, :28], ids[:, 28:33], *ids[:, 33:36].T[:, None], ids[:, 36:]]
        found = torch.cat([feed(model, cache, part) for part in parts], 1)
    visible = torch.ones(40, 40, dtype=torch.bool)
    visible[28:, :28] = torch.tensor(keep)
    torch.testing.assert_close(found, dense(model, ids, visible), **CLOSE)


def test_a_prompt_in_parts_is_pruned_when_its_last_token_is_read(model, ids):
    plan = Plan.stack([spans(40)], [kept(40)])
    with attach(model, SpanCache(model.config, plan)) as whole:
        feed(model, whole, ids)
        expected = feed(model, whole, ids[:, :1])
    with attach(model, SpanCache(model.config, plan)) as parts:
        for part in ids.split(13, 1):
            feed(model, parts, part)
        found = feed(model, parts, ids[:, :1])
    torch.testing.assert_close(found, expected, **CLOSE)


def test_packed_keys_are_those_of_their_new_places(model, ids):
    """In the first layer, which sees tokens alone, they are those of a prompt of the kept tokens."""
    plan = Plan.stack([spans(40)], [kept(40)])
    with attach(model, SpanCache(model.config, plan, rotations=rotations(model))) as cache:
        feed(model, cache, ids)
    short = DynamicCache()
    with torch.no_grad():
        model(ids[:, torch.tensor(kept(40))], past_key_values=short)
    first, held = cache.layers[0], cache.held[0]
    torch.testing.assert_close(first.keys, short.layers[0].keys[:, :, -held:], rtol=1e-3, atol=1e-3)
    assert cache.get_seq_length() == sum(kept(40)) == 40 - cache.position_shift
    assert first.index[0, 0].tolist() == list(range(sum(kept(40))))[-held:]


def test_a_packed_left_padded_batch_equals_its_rows(model, ids):
    rows = [ids[0], ids[0, 5:31].flip(0)]
    plan = Plan.stack([spans(len(r)) for r in rows], [kept(len(r)) for r in rows])
    mask = torch.ones(2, 40, dtype=torch.long)
    mask[1, :14] = 0
    padded = torch.stack([rows[0], torch.cat([torch.zeros(14, dtype=torch.long), rows[1]])])
    where = torch.tensor([[sum(kept(len(r)))] for r in rows])
    turn = rotations(model)
    with attach(model, SpanCache(model.config, plan, rotations=turn)) as cache:
        feed(model, cache, padded, mask, (mask.cumsum(1) - 1).clamp(min=0))
        together = torch.cat(
            [feed(model, cache, ids[:, i : i + 1].expand(2, -1), None, where + i) for i in range(9)], 1
        )
    for number, row in enumerate(rows):
        alone = Plan.stack([spans(len(row))], [kept(len(row))])
        with attach(model, SpanCache(model.config, alone, rotations=turn)) as cache:
            feed(model, cache, row[None])
            steps = [feed(model, cache, ids[:, i : i + 1]) for i in range(9)]
        torch.testing.assert_close(together[number], torch.cat(steps, 1)[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kernel", ["eager", "sdpa"])
@pytest.mark.parametrize("name", NAMES)
def test_a_left_padded_batch_equals_its_rows(name, kernel, ids):
    model = make(name, "eager" if name == "gptj" else kernel)
    rows = [ids[0], ids[0, 5:31].flip(0)]
    plan = Plan.stack([spans(len(r)) for r in rows], [kept(len(r)) for r in rows])
    mask = torch.ones(2, 40, dtype=torch.long)
    mask[1, :14] = 0
    padded = torch.stack([rows[0], torch.cat([torch.zeros(14, dtype=torch.long), rows[1]])])
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    more = torch.arange(3, 9)[None].expand(2, -1)

    def after(cache, row):
        return torch.arange(6)[None] + (len(rows[row]) if row is not None else torch.tensor([[40], [26]]))

    with attach(model, SpanCache(model.config, plan)) as cache:
        first = feed(model, cache, padded, mask, positions)[:, -1]
        where = after(cache, None)
        steps = [
            feed(model, cache, more[:, i : i + 1], torch.ones(2, 41 + i), where[:, i : i + 1])
            for i in range(6)
        ]
        together = torch.cat([first[:, None], *steps], 1)
    for number, row in enumerate(rows):
        alone = Plan.stack([spans(len(row))], [kept(len(row))])
        with attach(model, SpanCache(model.config, alone)) as cache:
            first = feed(model, cache, row[None])[:, -1:]
            steps = [feed(model, cache, more[:1, i : i + 1]) for i in range(6)]
        torch.testing.assert_close(together[number], torch.cat([first, *steps], 1)[0], **CLOSE)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_left_padded_batch_under_a_policy_equals_its_rows(model, ids, policy):
    rows = [ids[0], ids[0, 5:31].flip(0)]
    mask = torch.ones(2, 40, dtype=torch.long)
    mask[1, :14] = 0
    padded = torch.stack([rows[0], torch.cat([torch.zeros(14, dtype=torch.long), rows[1]])])
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    setting = {"eviction": Eviction(policy, KVBudget(ratio=0.5), every=2, recent=2)}
    where = torch.tensor([[40], [26]])
    with attach(model, SpanCache(model.config, Plan.stack([spans(40), spans(26)]), **setting)) as cache:
        out = [feed(model, cache, padded, mask, positions)[:, -1]]
        for i in range(5):
            out.append(feed(model, cache, torch.full((2, 1), 5 + i), None, where + i)[:, -1])
    for number, row in enumerate(rows):
        alone = Plan.stack([spans(len(row))])
        with attach(model, SpanCache(model.config, alone, **setting)) as cache:
            expected = [feed(model, cache, row[None])[0, -1]]
            for i in range(5):
                expected.append(feed(model, cache, torch.full((1, 1), 5 + i))[0, -1])
        torch.testing.assert_close(torch.stack(out, 1)[number], torch.stack(expected), **CLOSE)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("offload", [False, True])
def test_bytes_and_tokens_stay_within_the_budget(llama, ids, policy, offload):
    plan, layers, token = Plan.stack([spans(40)]), 3, 2 * 2 * 8 * 4
    budget = KVBudget(bytes=layers * token * 15 + 7)
    cache = SpanCache(
        llama.config, plan, eviction=Eviction(policy, budget, every=1, recent=2, offload=offload)
    )
    with attach(llama, cache):
        feed(llama, cache, ids)
        assert cache.held == [15] * layers
        assert cache.kv_bytes == layers * token * 15
        for i in range(6):
            feed(llama, cache, torch.tensor([[i + 3]]))
        assert cache.held == [15] * layers
    assert cache.get_seq_length() == 46
    assert cache.host_bytes == (layers * token * 40 if offload else 0)
    counted = sum(x.keys.nbytes + x.values.nbytes for x in cache.layers)
    assert cache.kv_bytes == counted


def test_a_ratio_is_exact_in_bytes(model, ids):
    plan = Plan.stack([spans(40)])
    with attach(model, SpanCache(model.config)) as full:
        feed(model, full, ids)
    with attach(
        model,
        SpanCache(model.config, plan, eviction=Eviction(SpanRelevance(), KVBudget(ratio=0.25), recent=0)),
    ) as cache:
        feed(model, cache, ids)
    for whole, part in zip(full.layers, cache.layers, strict=True):
        window = (
            whole.window or 40
        )  # the question of 6 tokens is pinned, the window shows 7 to the next query
        assert part.keys.shape[2] == (10 if window == 40 else 6)


def test_spans_that_the_query_points_at_stay(llama, ids):
    """The span whose mean key has the largest cosine with the last query vector is the one that is kept."""
    queries = {}

    class Spy(SpanRelevance):
        def observe(self, layer, query, scaling):
            queries[id(layer)] = query[:, :, -1]
            super().observe(layer, query, scaling)

    with attach(llama, SpanCache(llama.config)) as full:
        feed(llama, full, ids)
    plan = Plan.stack([spans(40, size=10, pinned=0)])
    cache = SpanCache(llama.config, plan, eviction=Eviction(Spy(), KVBudget(tokens=10), recent=0))
    with attach(llama, cache):
        feed(llama, cache, ids)
    for whole, part in zip(full.layers, cache.layers, strict=True):
        means = whole.keys.unflatten(2, (4, 10)).mean(3)  # (1, 2, 4, 8)
        query = queries[id(part)].unflatten(1, (2, 2))  # (1, 2, 2, 8)
        cosine = torch.cosine_similarity(query[:, :, :, None], means[:, :, None], dim=-1).mean((1, 2))
        best = int(cosine.argmax())
        assert part.index[0, 0].tolist() == list(range(10 * best, 10 * best + 10))


def test_heavy_hitters_sum_is_the_attention_received(llama, ids):
    """Under a budget that drops nothing, each token's sum is its column of the attention weights."""
    plan = Plan.stack([spans(40)])
    cache = SpanCache(llama.config, plan, eviction=Eviction(HeavyHitters(), KVBudget(tokens=99), every=1))
    with attach(llama, cache):
        feed(llama, cache, ids[:, :30])
        feed(llama, cache, ids[:, 30:])
    with torch.no_grad():
        weights = llama(ids, output_attentions=True).attentions
    for layer, weight in zip(cache.layers, weights, strict=True):
        expected = weight.sum(2).unflatten(1, (2, 2)).sum(2)  # (1, 2, 40)
        torch.testing.assert_close(layer.attention_sum[..., :40], expected, **CLOSE)


def test_offloaded_spans_return_as_they_were(llama, ids):
    """What comes back from host memory is attended to exactly as what never left."""
    plan = Plan.stack([spans(40, pinned=0)], [[i < 10 for i in range(40)]])

    class Wanted(SpanRelevance):
        """First the plan's ten tokens; later what the test asks for."""

        def score(self, layer, index, plan):
            wanted = torch.zeros(1, 1, 64)
            wanted[..., 15:25] = 1.0
            return wanted.gather(2, index.clamp(min=0)).masked_fill(index >= 40, torch.inf)

    cache = SpanCache(llama.config, plan, eviction=Eviction(Wanted(), every=1, recent=0, offload=True))
    with attach(llama, cache):
        feed(llama, cache, ids)
        assert cache.layers[0].index[0, 0].tolist() == list(range(10))
        feed(llama, cache, torch.tensor([[7]]))
        assert cache.layers[0].index[0, 0].tolist() == [*range(15, 25), 40]
        found = feed(llama, cache, torch.tensor([[8]]))
    visible = torch.ones(42, 42, dtype=torch.bool)
    visible[40, 10:40] = False
    visible[41, :40] = torch.tensor([15 <= i < 25 for i in range(40)])
    expected = dense(llama, torch.cat([ids, torch.tensor([[7, 8]])], 1), visible)
    torch.testing.assert_close(found, expected[:, -1:], **CLOSE)


@pytest.mark.parametrize("policy", POLICIES)
def test_offload_for_all_architectures_keeps_count(model, ids, policy):
    plan = Plan.stack([spans(40)])
    cache = SpanCache(
        model.config, plan, eviction=Eviction(policy, KVBudget(ratio=0.5), every=1, recent=2, offload=True)
    )
    with attach(model, cache):
        feed(model, cache, ids)
        for i in range(10):
            assert torch.isfinite(feed(model, cache, torch.tensor([[i + 3]]))).all()
    for layer in cache.layers:
        assert layer.keys.shape[2] <= (25 if layer.window is None else layer.window)
        rows = layer.index.flatten(0, 1)
        assert all(len(set(r[r >= 0].tolist())) == int((r >= 0).sum()) for r in rows)
        assert (rows.diff(dim=-1)[rows[:, 1:] >= 0] > 0).all()


@pytest.mark.parametrize("kernel", ["eager", "sdpa"])
@pytest.mark.parametrize("name", [n for n in NAMES if n != "gptj"])
def test_kernels_agree(name, kernel, ids):
    model = make(name, kernel)
    plan = Plan.stack([spans(40)])
    by = Eviction(SpanRelevance(per_head=True), KVBudget(ratio=0.5), every=2, recent=2)
    with attach(model, SpanCache(model.config, plan, eviction=by)) as cache:
        found = greedy(model, cache, ids, 10)
    reference = make(name, "eager")
    with attach(reference, SpanCache(model.config, plan, eviction=by)) as cache:
        assert found == greedy(reference, cache, ids, 10)


def test_generate_of_transformers_works_with_it(llama, ids):
    reference = llama.generate(ids, max_new_tokens=8, do_sample=False, pad_token_id=0, eos_token_id=None)
    with attach(llama, SpanCache(llama.config, Plan.stack([spans(40)], [[True] * 40]))) as cache:
        found = llama.generate(
            ids, past_key_values=cache, max_new_tokens=8, do_sample=False, pad_token_id=0, eos_token_id=None
        )
    assert found.tolist() == reference.tolist()


def test_the_model_is_left_as_it_was(model, ids):
    before = model.config._attn_implementation
    with torch.no_grad():
        reference = model(ids).logits
        with pytest.raises(ZeroDivisionError), attach(model, SpanCache(model.config)):
            _ = 1 / 0
        assert model.config._attn_implementation == before
        torch.testing.assert_close(model(ids).logits, reference)


def test_only_inside_attach(llama, ids):
    with pytest.raises(RuntimeError, match="attach"):
        feed(llama, SpanCache(llama.config), ids)


def test_one_cache_at_a_time(llama):
    with (
        attach(llama, SpanCache(llama.config)),
        pytest.raises(ValueError, match="already"),
        attach(llama, SpanCache(llama.config)),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"eviction": Eviction(SpanRelevance())}, "plan"),
        ({"plan": Plan.stack([[0, 1]])}, "policy"),
        ({"plan": Plan.stack([[0, 1]]), "eviction": Eviction(SpanRelevance())}, "budget"),
        ({"rotations": []}, "together"),
        ({"plan": Plan.stack([[0]]), "eviction": EVERYTHING, "rotations": []}, "together"),
    ],
)
def test_arguments_that_do_not_fit(llama, arguments, word):
    with pytest.raises(ValueError, match=word):
        SpanCache(llama.config, **arguments)


@pytest.mark.parametrize(("wrong", "word"), [({"every": 0}, "every"), ({"recent": -1}, "recent")])
def test_an_eviction_out_of_range(wrong, word):
    with pytest.raises(ValueError, match=word):
        Eviction(SpanRelevance(), **wrong)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({}, "none"), ({"tokens": 0}, "tokens"), ({"bytes": 1.5}, "bytes"), ({"ratio": 1.2}, "ratio")],
)
def test_a_budget_that_is_none(arguments, word):
    with pytest.raises(ValueError, match=word):
        KVBudget(**arguments)


def test_a_batch_that_is_not_the_plans(llama, ids):
    with (
        attach(llama, SpanCache(llama.config, Plan.stack([[0]], [[True]]))) as cache,
        pytest.raises(ValueError, match="sequences"),
    ):
        feed(llama, cache, ids.expand(2, -1))


def test_padding_to_the_right_is_refused(llama, ids):
    mask = torch.ones(1, 40)
    mask[0, -1] = 0
    with attach(llama, SpanCache(llama.config)) as cache, pytest.raises(ValueError, match="left"):
        feed(llama, cache, ids, mask)


def test_a_model_that_attends_in_its_own_way_is_refused(ids):
    config = transformers.GPTNeoConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_layers=2, num_heads=2, attention_types=[[["global"], 2]]
    )
    model = transformers.GPTNeoForCausalLM(config)
    with pytest.raises(ValueError, match="attention"), attach(model, SpanCache(config)):
        pass


def test_a_model_without_attention_layers():
    with (
        pytest.raises(ValueError, match="no attention"),
        attach(torch.nn.Linear(2, 2), SpanCache(make("llama").config)),
    ):
        pass


def offloading(model) -> SpanCache:
    by = Eviction(SpanRelevance(), KVBudget(ratio=0.5), every=2, recent=2, offload=True)
    return SpanCache(model.config, Plan.stack([spans(40)]), eviction=by)


def test_a_copy_of_an_offloaded_cache_goes_on_by_itself(llama, ids):
    reference = offloading(llama)
    with attach(llama, reference):
        expected = greedy(llama, reference, ids, 8)
    cache = offloading(llama)
    with attach(llama, cache):
        feed(llama, cache, ids)
    copied = copy.deepcopy(cache)
    assert copied.host_bytes == cache.host_bytes > 0
    assert copied.layers[0].keys.data_ptr() != cache.layers[0].keys.data_ptr()
    for one in (cache, copied):
        with attach(llama, one):
            rest = [feed(llama, one, torch.tensor([[token]])) for token in expected[:7]]
        assert [int(logits[0, -1].argmax()) for logits in rest] == expected[1:]


def test_a_reset_cache_is_a_new_one(llama, ids):
    cache = offloading(llama)
    with attach(llama, cache):
        expected = greedy(llama, cache, ids, 8)
        cache.reset()
        assert cache.host_bytes == cache.kv_bytes == cache.get_seq_length() == 0
        assert greedy(llama, cache, ids, 8) == expected
