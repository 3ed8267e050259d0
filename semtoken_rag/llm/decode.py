"""Read a prompt and generate from it, token by token, with any cache."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from semtoken_rag.encoders.device import without_cudnn_attention
from semtoken_rag.llm.kv.attention import attach
from semtoken_rag.llm.kv.cache import SpanCache
from semtoken_rag.llm.kv.plan import Plan
from semtoken_rag.llm.model import attention_layers, lock, takes
from semtoken_rag.llm.sampling import Sampler

__all__ = ["Decoder", "Input", "Sampler", "synchronize"]


@dataclass(frozen=True, slots=True)
class Input:
    """A prompt as the model reads it.

    Attributes
    ----------
    ids : (1, n) int, or None
        Token ids; None if there are embeddings.
    embeds : (1, n, d) float, or None
        Input embeddings; None if there are ids.
    positions : (1, n) int
        Position of each token.
    plan
        What to keep of the prompt in the KV cache; None keeps everything.
    parts
        Lengths of the parts that are read one after the other; empty: all at once.
    """

    ids: torch.Tensor | None
    embeds: torch.Tensor | None
    positions: torch.Tensor
    plan: Plan | None = None
    parts: tuple[int, ...] = ()

    @property
    def length(self) -> int:
        """Number of tokens, merged ones included."""
        return int(self.positions.shape[1])

    @property
    def last(self) -> int:
        """The last position."""
        return int(self.positions[0, -1])


class Decoder:
    """Reads and generates tokens with a model and a cache; each call goes on from the last one.

    Parameters
    ----------
    model
        Any causal language model of transformers.
    cache
        A `SpanCache` or one of transformers' own.
    """

    def __init__(self, model: Any, cache: Any) -> None:
        self.model, self.cache = model, cache
        self.position = 0  # of the next token
        self.unread: int | None = None  # the last token that was generated, until it is read
        self._last = {"logits_to_keep": 1} if takes(model, "logits_to_keep") else {}
        self._layers = attention_layers(model) if isinstance(cache, SpanCache) else ()

    def copy(self) -> Decoder:
        """Return a decoder that continues from here with a cache of its own."""
        made = Decoder(self.model, copy.deepcopy(self.cache))
        made.position, made.unread = self.position, self.unread
        return made

    @torch.inference_mode()
    def read(self, prompt: Input) -> torch.Tensor:
        """Read a prompt; return the logits (v,) of what comes next."""
        first = shift = 0
        before = getattr(self.cache, "position_shift", 0)
        for length in prompt.parts or (prompt.length,):
            part = slice(first, first + length)
            given = (
                {"input_ids": prompt.ids[:, part]}
                if prompt.ids is not None
                else {"inputs_embeds": prompt.embeds[:, part]}  # type: ignore[index]  # one of the two
            )
            logits = self._forward(prompt.positions[:, part] - shift, given, self._last)[0, -1]
            shift = getattr(self.cache, "position_shift", 0) - before  # what follows has moved by so much
            first += length
        self.position, self.unread = prompt.last + 1 - shift, None
        return logits

    @torch.inference_mode()
    def feed(self, ids: torch.Tensor) -> torch.Tensor:
        """Read given tokens (1, n), one after the other or at once; return the logits (n, v) after each."""
        positions = torch.arange(self.position, self.position + ids.shape[1], device=ids.device)[None]
        self.position, self.unread = self.position + ids.shape[1], None
        return self._forward(positions, {"input_ids": ids}, {})[0]

    @torch.inference_mode()
    def step(self, token: int) -> torch.Tensor:
        """Read one token; return the logits (v,) of what comes next."""
        return self.feed(torch.tensor([[token]], device=self.model.device))[-1]

    def generate(
        self, logits: torch.Tensor, *, max_new_tokens: int, sampler: Sampler, end: set[int]
    ) -> Iterator[int]:
        """Generate tokens.

        Parameters
        ----------
        logits
            Logits (v,) of the first token.
        max_new_tokens
            Most tokens to generate.
        sampler
            Picks each token.
        end
            Tokens that end the answer and are not part of it.

        Yields
        ------
        int
            A token; the last one is not read yet.
        """
        draws = sampler.generator()
        for number in range(max_new_tokens):
            token = sampler.pick(logits, draws)
            if token in end:
                return
            self.unread = token
            yield token
            if number < max_new_tokens - 1:
                logits = self.step(token)

    def _forward(
        self, positions: torch.Tensor, given: dict[str, torch.Tensor], more: dict[str, int]
    ) -> torch.Tensor:
        own = isinstance(self.cache, SpanCache)  # attached for each pass, so that others may use the model
        route = attach(self.model, self.cache, layers=self._layers) if own else nullcontext()
        with lock(self.model), route, without_cudnn_attention(self.model.device):
            out = self.model(
                **given, position_ids=positions, past_key_values=self.cache, use_cache=True, **more
            )
        logits: torch.Tensor = out.logits  # (1, n or 1, v)
        return logits


def synchronize(model: Any) -> None:
    """Wait until the model's device has finished, so that a clock measures what was done."""
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)
