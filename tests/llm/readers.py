"""Readers with random weights, of four architectures, and the fixtures made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from semtoken_rag.llm import SemTokenLLM

VOCABULARY = 96
POSITIONS = 512
SHAPE = {"vocab_size": VOCABULARY, "max_position_embeddings": POSITIONS}
NAMES = ("llama", "gpt_neox", "gemma3", "gptj")


def config_of(name: str) -> Any:
    import transformers

    if name == "llama":  # grouped queries
        return transformers.LlamaConfig(
            hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
            num_key_value_heads=2, tie_word_embeddings=False, **SHAPE,
        )  # fmt: skip
    if name == "gpt_neox":  # a part of each head is rotated
        return transformers.GPTNeoXConfig(
            hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            rotary_pct=0.5, **SHAPE,
        )  # fmt: skip
    if name == "gemma3":  # sliding windows, scaled embeddings
        return transformers.Gemma3TextConfig(
            hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
            num_key_value_heads=1, head_dim=8, sliding_window=8, query_pre_attn_scalar=8,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"], **SHAPE,
        )  # fmt: skip
    return transformers.GPTJConfig(
        n_embd=32, n_layer=2, n_head=4, n_positions=POSITIONS, rotary_dim=4, vocab_size=VOCABULARY
    )


def make(name: str, kernel: str = "eager") -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config_of(name), attn_implementation=kernel)
        for weight in model.parameters():  # as they come, random weights hardly attend to anything
            if weight.ndim > 1:
                weight.data.normal_(0, 0.4)
    return model.eval()


def reader(model: Any, chat: bool = False, **settings: Any) -> SemTokenLLM:
    """Reader that answers in 12 tokens, without an end."""
    from semtoken_rag.llm import SemTokenLLM, Settings
    from tests.llm.samples import tokenizer

    model.generation_config.eos_token_id = None
    made = tokenizer(chat)
    made.eos_token = None
    return SemTokenLLM(model, made, settings=replace(Settings(max_new_tokens=12), **settings))


@pytest.fixture(params=NAMES)
def model(request):
    pytest.importorskip("transformers")
    return make(request.param)


@pytest.fixture
def llama():
    pytest.importorskip("transformers")
    return make("llama")


@pytest.fixture
def ids():
    """Token ids (1, 40)."""
    torch = pytest.importorskip("torch")
    return torch.randint(3, VOCABULARY, (1, 40), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def silent(llama, monkeypatch):
    """A reader that cannot compute."""
    import torch

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a forward pass")

    made = reader(llama)
    monkeypatch.setattr(llama.model, "forward", refuse)
    monkeypatch.setattr(type(llama), "get_input_embeddings", lambda self: torch.nn.Embedding(96, 32))
    return made
