"""One decode step over a cache of random keys and values, on a GPU as a CUDA graph.

Nothing waits for Python then: a step takes as long as reading weights and cache does, which is what the
paper's gains of 2.7 and 3.3 are about.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicLayer

from evaluation.system import seconds
from semtoken_rag.encoders.device import without_cudnn_attention
from semtoken_rag.llm.decode import synchronize

WARM_UP = 3


class FullLayer(DynamicLayer):
    """A layer of a cache that is full: each new token takes the last place, so that no step needs a mask.

    Parameters
    ----------
    tokens
        Tokens before the last place, random keys and values.
    """

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Fill the layer with random numbers like the first keys and values (b, h, 1, d)."""
        super().lazy_initialization(key_states, value_states)
        batch, heads, _, size = key_states.shape
        self.keys = key_states.new_empty(batch, heads, self.tokens + 1, size).normal_()
        self.values = torch.randn_like(self.keys)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put keys and values (b, h, 1, d) into the last place and return all."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys[:, :, -1:] = key_states
        self.values[:, :, -1:] = value_states
        return self.keys, self.values

    def get_seq_length(self) -> int:
        """Return the tokens before the next one."""
        return self.tokens


@torch.inference_mode()
def measure(model: Any, batch: int, tokens: int, steps: int) -> dict[str, Any]:
    """Time a decode step of ``batch`` sequences that hold ``tokens`` each: the median, and the bytes held."""
    layers = [FullLayer(tokens) for _ in range(model.config.num_hidden_layers)]
    cache = Cache(layers=layers)
    ids = torch.zeros(batch, 1, dtype=torch.long, device=model.device)
    where = torch.full((1, 1), tokens, device=model.device)

    def step() -> None:
        model(ids, position_ids=where, past_key_values=cache, use_cache=True)

    with without_cudnn_attention(model.device):
        run, times = captured(step) if model.device.type == "cuda" else step, []
        for _ in range(WARM_UP + steps):
            synchronize(model)
            start = seconds()
            run()
            synchronize(model)
            times.append(seconds() - start)
    held = sum(2 * layer.keys.numel() * layer.keys.element_size() for layer in layers)
    return {"ms_per_step": 1000 * statistics.median(times[WARM_UP:]), "kv_bytes": held}


def captured(step: Callable[[], None]) -> Callable[[], None]:
    """Return a step as a CUDA graph, after runs on another stream that make what it needs."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay
