from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache

from semtoken_rag.llm import Medoid, Sampler, Soft, SoftPrompt
from semtoken_rag.llm.decode import Decoder, Input
from tests.llm.readers import reader
from tests.llm.samples import ALL, CHUNKS, PART, QUESTION, context


def prompt_of(embeds) -> SoftPrompt:
    ones = torch.ones(1, len(embeds), dtype=torch.long)
    return SoftPrompt(embeds[None], ones, ones.cumsum(1) - 1, 0)


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


def test_merged_tokens_are_counted(llama):
    made = reader(llama)
    answer = made.generate(QUESTION, context(PART), mode=Soft(merger=Medoid(4)), chunks=CHUNKS)
    text = made.generate(QUESTION, context(PART), chunks=CHUNKS)
    assert answer.stats.merged_tokens == answer.stats.prompt_tokens - text.stats.prompt_tokens > 0


@pytest.mark.parametrize("mode", ["text", "soft", "kv"])
def test_a_soft_prompt_of_another_size(silent, mode):
    with pytest.raises(ValueError, match="size 48" if mode == "soft" else "mode 'soft'"):
        silent.stream(QUESTION, prompt_of(torch.zeros(4, 48)), mode=mode)


def test_a_soft_prompt_of_the_readers_size_is_the_whole_prompt(llama):
    made = reader(llama)
    ids = torch.tensor([[5, 6, 7]])
    soft = prompt_of(llama.get_input_embeddings()(ids)[0].detach())
    decoder = Decoder(llama, DynamicCache(config=llama.config))
    expected = decoder.generate(
        decoder.read(Input(ids, None, torch.arange(3)[None])), max_new_tokens=12, sampler=Sampler(), end=set()
    )
    answer = made.generate(QUESTION, soft, mode="soft")
    assert answer.ids == tuple(expected)


def test_a_model_that_refuses_embeddings(llama, monkeypatch):
    made = reader(llama)
    plain = type(llama).forward

    def forward(self, input_ids=None, position_ids=None, past_key_values=None, use_cache=None):
        return plain(self, input_ids, position_ids=position_ids, past_key_values=past_key_values)

    monkeypatch.setattr(llama, "forward", forward.__get__(llama))
    with pytest.raises(ValueError, match="inputs_embeds"):
        made.stream(QUESTION, context(PART), mode="soft")


def test_positions_out_of_range():
    with pytest.raises(ValueError, match="positions"):
        Soft(positions="middle")
