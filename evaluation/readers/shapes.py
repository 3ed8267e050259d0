"""Decoders of a shape with random weights: speed and memory do not depend on trained ones."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import AutoModelForCausalLM, GPTJConfig, GPTNeoXConfig, LlamaConfig

from semtoken_rag.paper.efficiency import Shape

FLASH = "flash"  # PyTorch's own FlashAttention, and nothing in its place
SMALL = {
    "layers": 2,
    "hidden": 128,
    "heads": 4,
    "kv_heads": 4,
    "head_dim": 32,
    "inner": 256,
    "vocabulary": 500,
}


def attending(kernel: str) -> AbstractContextManager[None]:
    """Hold PyTorch to its FlashAttention, if that is the kernel; it then refuses what that cannot do."""
    return sdpa_kernel(SDPBackend.FLASH_ATTENTION) if kernel == FLASH else nullcontext()


def config_of(shape: Shape, positions: int) -> Any:
    """Return the configuration of a shape; positions are free, since weights are random."""
    if shape.name.startswith("llama"):
        return LlamaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.hidden,
            intermediate_size=shape.inner,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.kv_heads,
            max_position_embeddings=positions,
            tie_word_embeddings=False,
        )
    if shape.name.startswith("gpt-j"):
        return GPTJConfig(
            vocab_size=shape.vocabulary,
            n_embd=shape.hidden,
            n_layer=shape.layers,
            n_head=shape.heads,
            n_inner=shape.inner,
            n_positions=positions,
            rotary_dim=min(64, shape.head_dim),
        )
    return GPTNeoXConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=positions,
    )


def build(shape: Shape, positions: int, kernel: str, device: str) -> Any:
    """Make a model with random weights on the device, in half precision on a GPU.

    GPT-J has no attention by PyTorch's kernels; it gets its own in their place.
    """
    dtype = torch.float16 if device == "cuda" else torch.float32
    kernel = "sdpa" if kernel == FLASH else kernel
    own = "eager" if shape.name.startswith("gpt-j") and kernel == "sdpa" else kernel
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(
            config_of(shape, positions), dtype=dtype, attn_implementation=own
        )
    return model.eval().requires_grad_(False)
