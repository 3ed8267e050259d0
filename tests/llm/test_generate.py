from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from transformers import DynamicCache

from semtoken_rag.llm import KV, Sampler, SemTokenLLM, Settings, Soft, Text, load
from semtoken_rag.llm.answer import Detokenizer
from semtoken_rag.llm.checks import check_length
from semtoken_rag.llm.decode import Decoder, Input
from semtoken_rag.llm.load import best_attention, load_tokenizer
from tests.llm.readers import reader
from tests.llm.samples import ALL, CHUNKS, NOTHING, PART, QUESTION, context, tokenizer

LONG = (replace(CHUNKS[0], text="It " * 600), *CHUNKS[1:])


@pytest.mark.parametrize("mode", ["text", "soft", "kv"])
def test_nothing_kept_asks_the_question_alone(model, mode):
    made = reader(model)
    alone = made.generate(QUESTION)
    empty = made.generate(QUESTION, context(NOTHING), mode=mode, chunks=CHUNKS)
    assert alone.ids == empty.ids
    assert empty.stats.prompt_tokens == len(tokenizer()(f"Question: {QUESTION}\nAnswer:").input_ids)


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
    prompt = made.template.build(QUESTION, [], tokenizer=made.tokenizer)  # of the parts that follow
    assert second.stats.mode == mode
    assert second.stats.prompt_tokens < read
    said = first.state.said[0][1]
    _, tail = made.template.follow(
        "Why?", (("user", said), ("assistant", first.text)), tokenizer=made.tokenizer
    )
    start = made.tokenizer.apply_chat_template(
        [{"role": "user", "content": said}], add_generation_prompt=True, tokenize=False
    ) if chat else said  # fmt: skip
    assert prompt.message != said
    encode = made.tokenizer
    ids = [*encode(start).input_ids, *first.ids, *encode(tail).input_ids]
    decoder = Decoder(model, DynamicCache(config=model.config))
    whole = torch.tensor([ids])
    logits = decoder.read(Input(whole, None, torch.arange(len(ids))[None]))
    assert tuple(decoder.generate(logits, max_new_tokens=12, sampler=Sampler(), end=set())) == second.ids


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


@pytest.mark.parametrize(
    ("call", "word"),
    [
        ({"question": " "}, "question"),
        ({"question": 3}, "question"),
        ({"question": "Why?", "mode": "hard"}, "mode"),
        ({"question": "Why?", "mode": KV}, "mode"),
        ({"question": "Why?", "mode": None}, "mode"),
        ({"question": "Why?", "chunks": CHUNKS}, "chunks"),
        ({"question": "Why?", "context": context(PART), "chunks": CHUNKS[1:]}, "chunk 0"),
        ({"question": "Why " * 600}, "positions"),
        ({"question": "Why?", "mode": "kv", "context": context(PART, LONG)}, "positions"),
    ],
)  # fmt: skip
def test_bad_input_raises_before_any_forward_pass(silent, call, word):
    with pytest.raises(ValueError, match=word):
        silent.stream(call.pop("question"), call.pop("context", None), **call)


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
    check_length(SimpleNamespace(config=SimpleNamespace()), last=10**6, new=10)


def test_settings_out_of_range():
    with pytest.raises(ValueError, match="max_new_tokens"):
        Settings(max_new_tokens=0)


@pytest.mark.parametrize(("wrong", "word"), [({"temperature": -1}, "temperature"), ({"top_p": 0}, "top_p")])
def test_a_sampler_out_of_range(wrong, word):
    with pytest.raises(ValueError, match=word):
        Sampler(**wrong)


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
    made = SemTokenLLM.load(str(tmp_path), settings=Settings(max_new_tokens=12))
    assert made.generate(QUESTION).ids
    assert made.model.config._attn_implementation == "sdpa"
    tokens = made.tokenizer(QUESTION).input_ids
    assert load_tokenizer(str(tmp_path))(QUESTION).input_ids == tokens


@pytest.mark.parametrize("mode", [Text(), Soft(), KV()])
def test_a_word_is_a_shorthand_for_the_defaults(llama, mode):
    made = reader(llama)
    answers = [made.generate(QUESTION, context(PART), mode=each, chunks=CHUNKS) for each in (mode, mode.name)]
    assert answers[0].ids == answers[1].ids
    assert [answer.stats.mode for answer in answers] == [mode.name] * 2


def test_a_mode_of_ones_own(llama):
    class Titled:
        """The kept pieces behind a remark."""

        name = "titled"

        def prepare(self, reader, question, *, context=None, chunks=None):
            return Text().prepare(reader, f"Briefly: {question}", context=context, chunks=chunks)

        def cache(self, reader, prepared):
            return DynamicCache(config=reader.model.config)

    made = reader(llama)
    answer = made.generate(QUESTION, context(PART), mode=Titled())
    assert answer.ids == made.generate(f"Briefly: {QUESTION}", context(PART)).ids
    assert answer.stats.mode == "titled"


def test_the_tensors_of_a_gguf_file_are_read_without_a_bar(capfd):
    bar = load.gguf_tensors.tqdm
    with load._no_bar_of_gguf():
        assert list(load.gguf_tensors.tqdm([1, 2], desc="Converting")) == [1, 2]
    assert capfd.readouterr().err == ""
    assert load.gguf_tensors.tqdm is bar
