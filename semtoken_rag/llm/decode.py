"""Reading a prompt and generating from it, token by token, with any cache."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch

from semtoken_rag.encoders.device import without_cudnn_attention
from semtoken_rag.llm.attach import attached, attention_layers
from semtoken_rag.llm.checks import takes
from semtoken_rag.llm.kv import SpanCache
from semtoken_rag.llm.plan import Plan

_guard = threading.Lock()
_locks: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Input:
    """A prompt as the model gets it.

    Attributes
    ----------
    ids : (1, n) int, or None
    embeds : (1, n, d), or None
        One of the two.
    positions : (1, n) int
    plan
        What to keep of it in the KV cache; None for all.
    parts
        Lengths of the parts that are read one after the other.
    """

    ids: torch.Tensor | None
    embeds: torch.Tensor | None
    positions: torch.Tensor
    plan: Plan | None = None
    parts: tuple[int, ...] = ()

    @property
    def length(self) -> int:
        """Tokens and merged tokens."""
        return int(self.positions.shape[1])

    @property
    def last(self) -> int:
        """The last position."""
        return int(self.positions[0, -1])


@dataclass(frozen=True, slots=True)
class Sampler:
    """Picks the next token.

    Parameters
    ----------
    temperature
        0 takes the likeliest token.
    top_p
        Only the likeliest tokens that together have this probability are drawn from.
    seed
        Of the draws; the same draws for the same seed.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ValueError(f"temperature must be at least 0, got {self.temperature!r}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1], got {self.top_p!r}")

    def generator(self) -> torch.Generator:
        """Return a source of draws, for one answer."""
        return torch.Generator().manual_seed(self.seed)

    def pick(self, logits: torch.Tensor, generator: torch.Generator) -> int:
        """Pick one of (v,) tokens."""
        if not self.temperature:
            return int(logits.argmax())
        chances, order = (logits.float().cpu() / self.temperature).softmax(-1).sort(descending=True)
        before = chances.cumsum(-1) - chances
        return int(order[torch.multinomial(chances * (before < self.top_p), 1, generator=generator)])


class Decoder:
    """A model and a cache that go on from where they are.

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
        """Return a decoder that goes on from here with a cache of its own."""
        made = Decoder(self.model, copy.deepcopy(self.cache))
        made.position, made.unread = self.position, self.unread
        return made

    @torch.inference_mode()
    def read(self, prompt: Input) -> torch.Tensor:
        """Read a prompt; return the logits (v,) of what comes next."""
        first = gone = 0
        before = getattr(self.cache, "gone", 0)
        for length in prompt.parts or (prompt.length,):
            part = slice(first, first + length)
            given = (
                {"input_ids": prompt.ids[:, part]}
                if prompt.ids is not None
                else {"inputs_embeds": prompt.embeds[:, part]}  # type: ignore[index]  # one of the two
            )
            logits = self._forward(prompt.positions[:, part] - gone, given, self._last)[0, -1]
            gone = getattr(self.cache, "gone", 0) - before  # what follows has moved by so much
            first += length
        self.position, self.unread = prompt.last + 1 - gone, None
        return logits

    @torch.inference_mode()
    def feed(self, ids: torch.Tensor) -> torch.Tensor:
        """Read given tokens (1, n), one after the other or at once; return the logits (n, v) after each."""
        where = torch.arange(self.position, self.position + ids.shape[1], device=ids.device)[None]
        self.position, self.unread = self.position + ids.shape[1], None
        return self._forward(where, {"input_ids": ids}, {})[0]

    @torch.inference_mode()
    def step(self, token: int) -> torch.Tensor:
        """Read one token; return the logits (v,) of what comes next."""
        return self.feed(torch.tensor([[token]], device=self.model.device))[-1]

    def generate(self, logits: torch.Tensor, most: int, sampler: Sampler, end: set[int]) -> Iterator[int]:
        """Yield up to ``most`` tokens, none of ``end``; the last one yielded is not read yet."""
        draws = sampler.generator()
        for number in range(most):
            token = sampler.pick(logits, draws)
            if token in end:
                return
            self.unread = token
            yield token
            if number < most - 1:
                logits = self.step(token)

    def _forward(
        self, positions: torch.Tensor, given: dict[str, torch.Tensor], more: dict[str, int]
    ) -> torch.Tensor:
        own = isinstance(self.cache, SpanCache)  # attached for each pass, so that others may use the model
        attach = attached(self.model, self.cache, layers=self._layers) if own else nullcontext()
        with _lock(self.model), attach, without_cudnn_attention(self.model.device):
            out = self.model(
                **given, position_ids=positions, past_key_values=self.cache, use_cache=True, **more
            )
        logits: torch.Tensor = out.logits  # (1, n or 1, v)
        return logits


def _lock(model: Any) -> Any:
    """One thread at a time may run a model that another may have attached a cache to."""
    with _guard:
        return _locks.setdefault(model, threading.RLock())


def kv_bytes(cache: Any) -> int:
    """Bytes of keys and values of any cache, on the model's device."""
    layers = [x for x in cache.layers if x.is_initialized]
    return sum(t.numel() * t.element_size() for x in layers for t in (x.keys, x.values))


def clock(model: Any) -> None:
    """Wait for the model's device, so that what is timed is what was done."""
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)
