from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from transformers import DynamicCache

from semtoken_rag.llm import prepare as preparing
from semtoken_rag.llm.answer import Detokenizer
from semtoken_rag.llm.checks import check_length
from semtoken_rag.llm.decode import Decoder, Input, Sampler
from semtoken_rag.llm.generate import SemTokenLLM, best_attention
from semtoken_rag.llm.merge import Medoid
from semtoken_rag.llm.plan import SINKS, KVBudget
from semtoken_rag.llm.policy import HeavyHitters, SpanRelevance
from semtoken_rag.llm.settings import Settings
from semtoken_rag.llm.soft import SoftPrompt
from tests.llm.samples import ALL, CHUNKS, NOTHING, PART, QUESTION, context, tokenizer

LONG = (replace(CHUNKS[0], text="It " * 600), *CHUNKS[1:])
SHORT = Settings(max_new_tokens=12)


class Forbidden(torch.nn.Module):
    """Stands for the model's body where nothing may be computed."""

    def forward(self, *args, **kwargs):
        raise AssertionError("a forward pass")


def reader(model, chat=False, **settings) -> SemTokenLLM:
    model.generation_config.eos_token_id = None
    made = tokenizer(chat)
    made.eos_token = None
    return SemTokenLLM(model, made, settings=replace(SHORT, **settings))


@pytest.fixture
def silent(llama, monkeypatch):
    """A reader that cannot compute."""
    made = reader(llama)
    monkeypatch.setattr(llama, "model", Forbidden())
    monkeypatch.setattr(type(llama), "get_input_embeddings", lambda self: torch.nn.Embedding(96, 32))
    return made


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("keep", [PART, ALL])
@pytest.mark.parametrize("chunks", [None, CHUNKS])
def test_soft_answers_as_text(model, chat, keep, chunks):
    made = reader(model, chat)
    text = made.generate(QUESTION, context(keep), chunks=chunks)
    soft = made.generate(QUESTION, context(keep), mode="soft", chunks=chunks)
    assert text.ids == soft.ids
    assert len(text.ids) == 12
    assert text.stats.prompt_tokens == soft.stats.prompt_tokens
    assert text.stats.kv_bytes == soft.stats.kv_bytes


@pytest.mark.parametrize("prune", ["prompt", "context", None])
@pytest.mark.parametrize("policy", [None, SpanRelevance(), HeavyHitters()])
def test_kv_that_keeps_all_answers_as_text(model, prune, policy):
    made = reader(model, prune=prune, policy=policy, every=2)
    text = made.generate(QUESTION, context(ALL), chunks=CHUNKS)
    kv = made.generate(QUESTION, context(ALL), mode="kv", chunks=CHUNKS)
    assert text.ids == kv.ids
    assert text.stats.kv_bytes == kv.stats.kv_bytes


@pytest.mark.parametrize("mode", ["text", "soft", "kv"])
def test_nothing_kept_asks_the_question_alone(model, mode):
    made = reader(model)
    alone = made.generate(QUESTION)
    empty = made.generate(QUESTION, context(NOTHING), mode=mode, chunks=CHUNKS)
    assert alone.ids == empty.ids
    assert empty.stats.prompt_tokens == len(tokenizer()(f"Question: {QUESTION}\nAnswer:").input_ids)


def test_kv_reads_all_and_holds_what_is_kept(llama):
    made = reader(llama, titles=False)
    text = made.generate(QUESTION, context(PART))
    kv = made.generate(QUESTION, context(PART), mode="kv", chunks=CHUNKS)
    assert kv.stats.prompt_tokens > text.stats.prompt_tokens
    assert kv.stats.kv_bytes == text.stats.kv_bytes
    first = kv.state.decoder.cache.layers[0]
    assert first.index[0, 0, :4].tolist() == [0, 1, 2, 3]


def test_kv_pruned_after_the_context_asks_in_the_light_of_what_is_kept(llama):
    """The question's own keys differ from those of a question that saw everything, the context's do not."""
    whole = reader(llama, prune="prompt").generate(QUESTION, context(PART), mode="kv", chunks=CHUNKS)
    part = reader(llama).generate(QUESTION, context(PART), mode="kv", chunks=CHUNKS)
    a, b = (x.state.decoder.cache.layers[-1] for x in (whole, part))
    assert torch.equal(a.index, b.index)
    asked = len(tokenizer()(f"Question: {QUESTION}\nAnswer:").input_ids) + 12 - 1
    torch.testing.assert_close(a.keys[:, :, :-asked], b.keys[:, :, :-asked], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(a.keys[:, :, -asked:], b.keys[:, :, -asked:], atol=1e-3)


def test_a_budget_in_bytes_holds_while_generating(llama):
    budget = KVBudget(bytes=3 * 2 * 2 * 8 * 4 * 30)
    made = reader(llama, policy=SpanRelevance(), budget=budget, every=1, recent=1, offload=True)
    answer = made.generate(QUESTION, context(ALL), mode="kv", chunks=CHUNKS)
    assert answer.stats.kv_bytes <= budget.bytes
    assert answer.stats.host_bytes > answer.stats.kv_bytes
    assert answer.state.decoder.cache.kv_bytes <= budget.bytes


@pytest.mark.parametrize("mode", ["text", "soft", "kv"])
def test_a_stream_gives_the_answers_text(llama, mode):
    made = reader(llama)
    stream = made.stream(QUESTION, context(PART), mode=mode, chunks=CHUNKS)
    assert stream.answer is None
    text = "".join(stream)
    assert text.strip() == stream.answer.text == made.generate(
        QUESTION, context(PART), mode=mode, chunks=CHUNKS
    ).text  # fmt: skip
    assert stream.answer.stats.ms_per_token > 0


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("mode", ["text", "soft", "kv"])
def test_a_second_turn_goes_on_in_the_same_cache(model, chat, mode):
    """It answers as one pass over all that was said, where the cache keeps everything."""
    made = reader(model, chat)
    first = made.generate(QUESTION, context(ALL), mode=mode, chunks=CHUNKS)
    read = first.state.decoder.cache.get_seq_length()
    second = made.generate("Why?", previous=first)
    prompt = made.reader.template.build(QUESTION, [], made.reader.tokenizer)  # of the parts that follow
    assert second.stats.mode == mode
    assert second.stats.prompt_tokens < read
    said = first.state.said[0][1]
    _, tail = made.reader.template.follow(
        (("user", said), ("assistant", first.text)), "Why?", made.reader.tokenizer
    )
    start = made.reader.tokenizer.apply_chat_template(
        [{"role": "user", "content": said}], add_generation_prompt=True, tokenize=False
    ) if chat else said  # fmt: skip
    assert prompt.message != said
    encode = made.reader.tokenizer
    ids = [*encode(start).input_ids, *first.ids, *encode(tail).input_ids]
    decoder = Decoder(model, DynamicCache(config=model.config))
    whole = torch.tensor([ids])
    logits = decoder.read(Input(whole, None, torch.arange(len(ids))[None]))
    assert tuple(decoder.generate(logits, 12, Sampler(), set())) == second.ids


def test_threads_share_a_model(llama):
    made = reader(llama)

    def ask(mode):
        return made.generate(QUESTION, context(PART), mode=mode, chunks=CHUNKS).ids

    modes = ["kv", "text", "kv", "soft"] * 2
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, modes)) == [ask(mode) for mode in modes]


def test_sampling_is_repeatable_and_within_top_p(llama):
    made = reader(llama, sampler=Sampler(temperature=1.5, seed=3))
    assert made.generate(QUESTION).ids == made.generate(QUESTION).ids
    greedy = reader(llama).generate(QUESTION).ids
    assert reader(llama, sampler=Sampler(temperature=1.5, top_p=1e-6)).generate(QUESTION).ids == greedy


def test_an_end_token_ends_the_answer(llama):
    made = reader(llama)
    ids = made.generate(QUESTION).ids
    llama.generation_config.eos_token_id = [ids[4]]
    assert made.generate(QUESTION).ids == ids[: ids.index(ids[4])]


def test_stop_strings_end_it_and_never_show():
    words = tokenizer()
    ids = words("The tower opened in").input_ids
    out = Detokenizer(words, ("opened in",))
    parts = [out.push(i) for i in ids]
    assert out.stopped
    assert "".join(parts) == "The tower "
    assert out.rest() == ""


def test_merged_tokens_are_counted(llama):
    made = reader(llama, merger=Medoid(4))
    answer = made.generate(QUESTION, context(PART), mode="soft", chunks=CHUNKS)
    text = made.generate(QUESTION, context(PART), chunks=CHUNKS)
    assert answer.stats.merged_tokens == answer.stats.prompt_tokens - text.stats.prompt_tokens > 0


@pytest.mark.parametrize(
    ("call", "word"),
    [
        ({"question": " "}, "question"),
        ({"question": 3}, "question"),
        ({"question": "Why?", "mode": "hard"}, "mode"),
        ({"question": "Why?", "chunks": CHUNKS}, "chunks"),
        ({"question": "Why?", "context": context(PART), "chunks": CHUNKS[1:]}, "chunk 0"),
        ({"question": "Why " * 600}, "positions"),
        ({"question": "Why?", "mode": "kv", "context": context(PART, LONG)}, "positions"),
    ],
)  # fmt: skip
def test_bad_input_raises_before_any_forward_pass(silent, call, word):
    with pytest.raises(ValueError, match=word):
        silent.stream(call.pop("question"), call.pop("context", None), **call)


@pytest.mark.parametrize("mode", ["text", "soft", "kv"])
def test_a_payload_of_another_size(silent, mode):
    soft = SoftPrompt.of_payload({"prompt_embeds": torch.zeros(4, 48)})
    with pytest.raises(ValueError, match="size 48" if mode == "soft" else "mode 'soft'"):
        silent.stream(QUESTION, soft, mode=mode)


def test_a_payload_of_the_readers_size_is_the_whole_prompt(llama):
    made = reader(llama)
    ids = torch.tensor([[5, 6, 7]])
    payload = {"prompt_embeds": llama.get_input_embeddings()(ids)[0].detach()}
    decoder = Decoder(llama, DynamicCache(config=llama.config))
    expected = decoder.generate(decoder.read(Input(ids, None, torch.arange(3)[None])), 12, Sampler(), set())
    answer = made.generate(QUESTION, SoftPrompt.of_payload(payload), mode="soft")
    assert answer.ids == tuple(expected)


def test_a_model_that_refuses_embeddings(llama, monkeypatch):
    made = reader(llama)
    plain = type(llama).forward

    def forward(self, input_ids=None, position_ids=None, past_key_values=None, use_cache=None):
        return plain(self, input_ids, position_ids=position_ids, past_key_values=past_key_values)

    monkeypatch.setattr(llama, "forward", forward.__get__(llama))
    with pytest.raises(ValueError, match="inputs_embeds"):
        made.stream(QUESTION, context(PART), mode="soft")


def test_a_tokenizer_without_offsets(llama):
    class Slow:
        is_fast = False

    with pytest.raises(ValueError, match="offsets"):
        SemTokenLLM(llama, Slow())


def test_a_tokenizer_of_a_larger_model(llama):
    made = tokenizer()
    made.add_tokens([f"word{i}" for i in range(96)])
    with pytest.raises(ValueError, match="embeddings"):
        SemTokenLLM(llama, made)


def test_a_model_that_names_no_limit():
    check_length(SimpleNamespace(config=SimpleNamespace()), 10**6, 10)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens"),
        ({"positions": "middle"}, "positions"),
        ({"prune": "never"}, "prune"),
        ({"budget": KVBudget(tokens=9)}, "policy"),
        ({"offload": True}, "policy"),
    ],
)
def test_settings_out_of_range(wrong, word):
    with pytest.raises(ValueError, match=word):
        Settings(**wrong)


@pytest.mark.parametrize(("wrong", "word"), [({"temperature": -1}, "temperature"), ({"top_p": 0}, "top_p")])
def test_a_sampler_out_of_range(wrong, word):
    with pytest.raises(ValueError, match=word):
        Sampler(**wrong)


def test_keys_that_cannot_move_need_source_positions(llama):
    llama.model.rotary_emb.rope_type = "dynamic"
    made = reader(llama)
    with pytest.raises(ValueError, match="positions='source'"):
        made.stream(QUESTION, context(PART), mode="kv")
    assert reader(llama, positions="source").generate(QUESTION, context(PART), mode="kv").ids


@pytest.mark.parametrize("prune", ["prompt", "context"])
def test_kept_tokens_stand_together_in_the_cache(model, prune, monkeypatch):
    """Where the first chunk leaves, the answer is that of moved positions: the next one follows the last."""
    monkeypatch.setattr(preparing, "SINKS", 0)  # all of what is kept moves by the same
    keep = [[], *ALL[1:]]
    source = reader(model, prune=prune, positions="source", titles=False)
    packed = reader(model, prune=prune, titles=False)
    a, b = (x.generate(QUESTION, context(keep), mode="kv", chunks=CHUNKS) for x in (source, packed))
    assert a.ids == b.ids  # nothing but the places of all that is kept has changed, and all by the same
    gone = b.state.decoder.cache.gone
    assert a.state.decoder.position - b.state.decoder.position == gone > 0
    assert a.stats.kv_bytes == b.stats.kv_bytes
    assert b.state.decoder.cache.layers[1].index[0, 0, 0] == 0  # a layer without a window
    second = [x.generate("Why?", previous=y).ids for x, y in ((source, a), (packed, b))]
    assert second[0] == second[1]


def test_the_first_tokens_of_the_prompt_stay_in_the_cache(llama):
    """Attention rests on them, whatever they say; without a chat template they are the first chunk's."""
    made = reader(llama, titles=False, positions="source")
    given = made.generate(QUESTION, context([[], *ALL[1:]]), mode="kv", chunks=CHUNKS)
    index = given.state.decoder.cache.layers[1].index[0, 0].tolist()
    assert index[:SINKS] == list(range(SINKS))
    assert index[SINKS] > SINKS  # the rest of that chunk is gone


def test_a_question_that_goes_on_takes_no_context(llama):
    made = reader(llama)
    first = made.generate(QUESTION)
    with pytest.raises(ValueError, match="no other context"):
        made.stream("Why?", context(PART), previous=first)


def test_sdpa_where_flash_attention_is_not_installed():
    assert best_attention("cpu") == "sdpa"


def test_a_reader_is_loaded_from_a_folder(llama, tmp_path):
    llama.save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    made = SemTokenLLM.load(str(tmp_path), settings=SHORT)
    assert made.generate(QUESTION).ids
    assert made.reader.model.config._attn_implementation == "sdpa"
